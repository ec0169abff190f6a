export { type AddressConflict, formatAddressConflicts, parseAddressConflicts } from './address-conflicts.ts'
export {
  type AgentRequest,
  type AgentResponse,
  type AgentVerb,
  agentVerbs,
  type CniAttachment,
  type CniConfig,
  type CniFailure,
  type CniResult,
  cniErrors,
} from './agent-socket.ts'
export { type Bandwidth, bandwidthAnnotations, readBandwidth } from './bandwidth.ts'
export { type Config, configDefinition, nbRemote, readConfig, sbRemote, tunnelPort } from './config.ts'
export { configSchema } from './config-schema.ts'
export { customResourceDefinitions } from './crds.ts'
export { type EgressIP, type EgressIPItem, type EgressIPSpec, type EgressIPStatus, egressIPs } from './egress-ip.ts'
export { parseCidrs, parseIps } from './fields.ts'
export { gatewayRouterAddress, joinGateway, joinQuarter, nowhere, serviceSource } from './join-layout.ts'
export {
  type Announce,
  type LoadBalancerPool,
  type LoadBalancerPoolSpec,
  type LoadBalancerPoolStatus,
  loadBalancerPools,
} from './load-balancer-pool.ts'
export {
  annotationNames,
  apiGroup,
  apiVersion,
  clusterRouter,
  egressSetName,
  externalBridge,
  externalIds,
  externalNetwork,
  externalSwitchName,
  gatewayRouterName,
  hairpinSources,
  integrationBridge,
  interfaceIds,
  joinSwitch,
  leaseName,
  loadBalancerClass,
  managedBy,
  managementInterface,
  mirrorAnnotation,
  nodePortName,
  paths,
  podPortName,
  programs,
  subnetSwitchName,
} from './names.ts'
export { formatJoinAddresses, type InterfaceAddress, parseAddressList, parseJoinAddresses } from './node-annotations.ts'
export { formatNodeGateway, type NodeGateway, parseNodeGateway } from './node-gateway.ts'
export { type OvnNames, ovnNames } from './ovn-names.ts'
export {
  formatPodNetworks,
  type PodNetwork,
  type PodRoute,
  parseInterfaceAddress,
  parsePodNetworks,
} from './pod-networks.ts'
export {
  formatProviderStates,
  interfaceOf,
  type ProviderNetwork,
  type ProviderNetworkSpec,
  type ProviderNodeStatus,
  parseProviderStates,
  providerBridge,
  providerNetworks,
} from './provider-network.ts'
export { remotesProblem, usesTls } from './remotes.ts'
export {
  type PodSelection,
  type ResolvedAddress,
  type ResolvedName,
  type ResolvedNames,
  type ResolvedNamesSpec,
  type ResolvedNamesStatus,
  resolvedNames,
} from './resolved-names.ts'
export { type Subnet, type SubnetCondition, type SubnetSpec, type SubnetStatus, subnets } from './subnet.ts'
export { type SubnetCrdOptions, subnetCrd, subnetCrdYaml } from './subnet-crd.ts'
