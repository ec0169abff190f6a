import { defineResource, type LabelSelector, type ObjectMeta } from '@ovnkit/kube'
import { apiGroup, apiVersion } from './names.ts'
import type { SubnetCondition } from './subnet.ts'

/** How neighbours learn where an address lives: by ARP and neighbour discovery, or not by us (a BGP agent tells them). */
export type Announce = 'arp' | 'none'

/** `loadbalancerpools.network.zstack.io`, as the API server holds it. */
export interface LoadBalancerPool {
  apiVersion?: string
  kind?: string
  metadata?: ObjectMeta
  readonly spec: LoadBalancerPoolSpec
  readonly status?: LoadBalancerPoolStatus
}

export const loadBalancerPools = defineResource<LoadBalancerPool>({
  group: apiGroup,
  version: apiVersion,
  plural: 'loadbalancerpools',
  kind: 'LoadBalancerPool',
  namespaced: false,
})

export interface LoadBalancerPoolSpec {
  /** CIDRs, addresses and ranges `first-last` of both families. */
  readonly addresses: readonly string[]
  /** Addresses and ranges of those that are never given out. */
  readonly excludeIPs?: readonly string[]
  /** Who may have addresses of the pool; without selectors everybody. */
  readonly namespaceSelector?: LabelSelector
  readonly serviceSelector?: LabelSelector
  /** False: only Services that name the pool or an address of it. Default true. */
  readonly autoAssign?: boolean
  readonly announce?: Announce
  /** The interface to announce on; without it the one whose network has the address. */
  readonly interface?: string
  /** Nodes that may hold addresses; without it all. */
  readonly nodeSelector?: LabelSelector
}

export interface LoadBalancerPoolStatus {
  readonly usedIPs?: number
  readonly availableIPs?: number
  readonly conditions?: readonly SubnetCondition[]
}
