import { defineResource, type LabelSelector, type ObjectMeta } from '@ovnkit/kube'
import type { Announce } from './load-balancer-pool.ts'
import { apiGroup, apiVersion } from './names.ts'
import type { SubnetCondition } from './subnet.ts'

/** `egressips.network.zstack.io`, as the API server holds it. */
export interface EgressIP {
  apiVersion?: string
  kind?: string
  metadata?: ObjectMeta
  readonly spec: EgressIPSpec
  readonly status?: EgressIPStatus
}

export const egressIPs = defineResource<EgressIP>({
  group: apiGroup,
  version: apiVersion,
  plural: 'egressips',
  kind: 'EgressIP',
  namespaced: false,
})

export interface EgressIPSpec {
  /** Of both families. A pod leaves with one of each family; the pods are spread over them. */
  readonly addresses: readonly string[]
  /** Whose traffic: pods that every one of the three that is there selects. */
  readonly namespaceSelector?: LabelSelector
  readonly podSelector?: LabelSelector
  readonly subnets?: readonly string[]
  /** Nodes that traffic may leave by; without it all. */
  readonly nodeSelector?: LabelSelector
  /** Destinations that are reached as if this EgressIP did not exist. */
  readonly excludedCIDRs?: readonly string[]
  readonly announce?: Announce
  /** The interface to announce on; without it the one whose network has the address. */
  readonly interface?: string
}

export interface EgressIPStatus {
  readonly items?: readonly EgressIPItem[]
  readonly conditions?: readonly SubnetCondition[]
}

/** Where an address lives. */
export interface EgressIPItem {
  readonly address: string
  readonly node: string
}
