import { defineResource, type ObjectMeta } from '@ovnkit/kube'
import { apiGroup, apiVersion } from './names.ts'

/** `subnets.network.zstack.io`, as the API server holds it. */
export interface Subnet {
  apiVersion?: string
  kind?: string
  metadata?: ObjectMeta
  readonly spec: SubnetSpec
  readonly status?: SubnetStatus
}

export const subnets = defineResource<Subnet>({
  group: apiGroup,
  version: apiVersion,
  plural: 'subnets',
  kind: 'Subnet',
  namespaced: false,
})

export interface SubnetSpec {
  /** One CIDR, or one of each family with a comma. Never changes. */
  readonly cidr: string
  /** The router's address in each CIDR, in any order. */
  readonly gateway: string
  /** Addresses and ranges `first-last` that are never given to pods. */
  readonly excludeIPs?: readonly string[]
  /** Name of an existing Logical_Switch of ZStack to live on. */
  readonly externalLogicalSwitch?: string
  /** VLAN tag on the provider's network. */
  readonly vlanID?: number
  /** Name of the ProviderNetwork that carries an underlay Subnet. */
  readonly provider?: string
  readonly protocol?: 'IPv4' | 'IPv6' | 'Dual'
  /** Pods that nothing else decides for live here. */
  readonly default?: boolean
  /** Namespaces whose pods live here; none other may then. */
  readonly namespaces?: readonly string[]
  /** Answer DHCP on the Subnet. */
  readonly enableDHCP?: boolean
  /** Pods reach Services from here; false unless it is said on a switch of ZStack's, whose machines then go through conntrack too. */
  readonly enableServices?: boolean
  /** What leaves the cluster gets the node's address (true where it is not written, on overlay Subnets); false: pods' own addresses go out. */
  readonly natOutgoing?: boolean
  /** Only the Subnet itself, the nodes and `allowSubnets` may open connections to its pods. */
  readonly private?: boolean
  /** CIDRs that may reach a private Subnet. */
  readonly allowSubnets?: readonly string[]
}

export interface SubnetStatus {
  readonly phase?: 'Pending' | 'Active' | 'Failed'
  /** One CamelCase word for the phase. */
  readonly reason?: string
  readonly message?: string
  readonly availableIPs?: number
  readonly usedIPs?: number
  /** Name of the Logical_Switch. */
  readonly logicalSwitch?: string
  /** Our router's address on an underlay or external Subnet. */
  readonly interconnectIP?: string
  readonly conditions?: readonly SubnetCondition[]
  readonly lastUpdateTime?: string
}

/** As metav1.Condition. */
export interface SubnetCondition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
  readonly observedGeneration?: number
  readonly lastTransitionTime?: string
}
