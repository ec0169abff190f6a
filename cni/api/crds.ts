import { egressIPCrd } from './egress-ip-crd.ts'
import { loadBalancerPoolCrd } from './load-balancer-pool-crd.ts'
import { providerNetworkCrd } from './provider-network-crd.ts'
import { resolvedNamesCrd } from './resolved-names-crd.ts'
import { type SubnetCrdOptions, subnetCrd } from './subnet-crd.ts'

/** Every CustomResourceDefinition of the product, by the file in deploy/yaml that holds it. */
export const customResourceDefinitions = (options: SubnetCrdOptions = {}) => ({
  'subnet-crd.yaml': subnetCrd(options),
  'provider-network-crd.yaml': providerNetworkCrd(),
  'load-balancer-pool-crd.yaml': loadBalancerPoolCrd(),
  'egress-ip-crd.yaml': egressIPCrd(),
  'resolved-names-crd.yaml': resolvedNamesCrd(),
})
