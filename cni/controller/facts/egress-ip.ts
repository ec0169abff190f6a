import type { EgressIP, EgressIPSpec } from '@ovnkit/cni-api'

/** What the controller keeps of an EgressIP. */
export interface EgressIPFacts {
  readonly name: string
  readonly uid: string
  /** Milliseconds since the epoch. */
  readonly created: number
  readonly generation: number
  readonly spec: EgressIPSpec
}

/** @returns undefined for one that is being deleted: somebody else's finalizer does not keep it at work */
export function egressIPFacts({ metadata = {}, spec }: EgressIP): EgressIPFacts | undefined {
  if (metadata.deletionTimestamp !== undefined) return undefined
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    created: Date.parse(metadata.creationTimestamp ?? '') || 0,
    generation: metadata.generation ?? 0,
    spec,
  }
}
