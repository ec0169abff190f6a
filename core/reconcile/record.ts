import type { OwnerKind } from './owner.ts'
import type { Readable } from './reads.ts'
import type { Desired, OwnerKey } from './target.ts'

/** A kind with its place in the order of all kinds: 0 is rendered and committed first. */
export interface RankedKind {
  readonly spec: OwnerKind
  readonly rank: number
}

/** What the last render said, apart from the objects. */
export type Verdict =
  | { readonly kind: 'objects' }
  | { readonly kind: 'wait' | 'invalid'; readonly reason: string; readonly message: string }

export const NO_OBJECTS: readonly Desired[] = []
export const NO_READS: readonly Readable[] = []
export const OBJECTS: Verdict = { kind: 'objects' }

/** What the engine remembers of one owner. There are tens of thousands: no closures, nothing that is not needed. */
export class OwnerRecord {
  readonly key: OwnerKey
  /** The key without the kind, as the store spells it. */
  readonly name: string
  readonly kind: RankedKind
  /** False once the owner is gone; the record stays until its objects are gone too. */
  alive = true
  /** Something that its render read has changed, and it was not rendered since. */
  dirty = false
  /** What the last render said; undefined before the first one that counts. */
  verdict: Verdict | undefined
  /** It is known what the owner wants: some render gave objects. Until then what targets hold for it is not touched. */
  known = false
  /** Wanted now, in all targets. */
  objects: readonly Desired[] = NO_OBJECTS
  /** No longer wanted, and not known to be gone from the target yet. */
  removed: readonly Desired[] = NO_OBJECTS
  /** What the last render read. */
  reads: readonly Readable[] = NO_READS

  constructor(kind: RankedKind, name: string, key: OwnerKey) {
    this.kind = kind
    this.name = name
    this.key = key
  }
}
