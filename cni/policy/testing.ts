export { beginning, changes, situations, worldOf } from './reference/generate/changes.ts'
export { type AddressOf, resolved } from './reference/generate/place.ts'
export { listening, pool, spaces } from './reference/generate/pool.ts'
export { type Change, changed, type PoolPod, policyKey, type Situation } from './reference/generate/situation.ts'
