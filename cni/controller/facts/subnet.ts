import type { Subnet } from '@ovnkit/cni-api'

/** What the controller keeps of a Subnet. */
export interface SubnetFacts {
  readonly name: string
  readonly uid: string
  /** Milliseconds since the epoch. */
  readonly created: number
  readonly generation: number
  readonly deleting: boolean
  /** Made by the controller from `network.clusterCIDR`; gives way to a user's Subnet of the same range and gateway. */
  readonly automatic: boolean
  readonly spec: Subnet['spec']
}
