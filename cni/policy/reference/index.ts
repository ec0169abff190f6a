export type { Connection, Protocol } from './connection.ts'
export { mayConnect, type Verdict } from './evaluate.ts'
export type {
  AdminNetworkPolicy,
  ClusterNetworkPolicy,
  ClusterPolicy,
  LabelSelector,
  Labels,
  NetworkPolicy,
  PolicyPeer,
  PolicyPort,
  World,
} from './objects.ts'
export type { End } from './party.ts'
