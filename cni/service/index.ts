export { clusterEndpoints, hintedBy, isServed, localEndpoints, type Place } from './endpoints/choose.ts'
export { type Endpoint, endpointsOf } from './endpoints/endpoints.ts'
export { type HostPort, hostPortsOf } from './facts/host-ports.ts'
export { type BalancerFacts, ingressAddresses, writtenAnnotations } from './facts/load-balancer.ts'
export type { Protocol } from './facts/protocol.ts'
export { serviceRangesOf } from './facts/range.ts'
export {
  externalAddresses,
  type Ingress,
  type ServiceFacts,
  type ServicePort,
  serviceFacts,
  serviceSelector,
} from './facts/service.ts'
export {
  type EndpointFacts,
  type EndpointState,
  type Hints,
  type SliceFacts,
  type SlicePort,
  sliceFacts,
  sliceIndexes,
  sliceSelector,
} from './facts/slice.ts'
