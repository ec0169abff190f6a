export { beginning, changes, type Kinds, situations, worldOf } from './reference/generate/changes.ts'
export { clusterPolicyKeys } from './reference/generate/cluster-policies.ts'
export { type AddressOf, resolved, resolvedClusterPolicy } from './reference/generate/place.ts'
export { listening, pool, spaces } from './reference/generate/pool.ts'
export {
  type Change,
  changed,
  clusterPolicyKey,
  type PoolPod,
  policyKey,
  type Situation,
} from './reference/generate/situation.ts'
