import { apiGroup, apiVersion, type ProviderNetwork, providerNetworks, type Subnet } from '@ovnkit/cni-api'
import { defineResource, type Resource } from '@ovnkit/kube'

/** `subnets.network.zstack.io`. */
export const subnetResource: Resource<Subnet> = defineResource<Subnet>({
  group: apiGroup,
  version: apiVersion,
  plural: 'subnets',
  kind: 'Subnet',
  namespaced: false,
})

/** `providernetworks.network.zstack.io`. */
export const providerResource: Resource<ProviderNetwork> = providerNetworks

/** Keeps a Subnet while pods use it. */
export const subnetFinalizer = 'subnet.network.zstack.io/finalizer'

/** Name of the Subnet that the controller makes from `network.clusterCIDR`. */
export const automaticSubnet = 'default'

/** Keeps a LoadBalancerPool while Services have addresses of it. */
export const poolFinalizer = 'loadbalancerpool.network.zstack.io/finalizer'
