import type { IpAddress } from '@ovnkit/inet'

/** A port on one of our networks' switches that is not ours: a ZStack machine, something that an administrator made. */
export interface ForeignPort {
  readonly name: string
  /** Key of the network on whose switch it is. */
  readonly network: string
  readonly addresses: readonly IpAddress[]
}
