import type { LoadBalancerPool, LoadBalancerPoolSpec } from '@ovnkit/cni-api'

/** What the controller keeps of a LoadBalancerPool. */
export interface PoolFacts {
  readonly name: string
  readonly uid: string
  /** Milliseconds since the epoch. */
  readonly created: number
  readonly generation: number
  readonly deleting: boolean
  readonly spec: LoadBalancerPoolSpec
}

export function poolFacts({ metadata = {}, spec }: LoadBalancerPool): PoolFacts {
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    created: Date.parse(metadata.creationTimestamp ?? '') || 0,
    generation: metadata.generation ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    spec,
  }
}
