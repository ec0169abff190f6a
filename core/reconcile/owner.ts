import type { ReadableStore } from './store.ts'
import type { Desired, OwnerKey } from './target.ts'

/**
 * How a render reads stores. Every read is recorded, also those that found nothing, so that a change renders again
 * exactly the owners that read what changed.
 */
export interface View {
  get<V>(store: ReadableStore<V>, key: string): V | undefined
  has<V>(store: ReadableStore<V>, key: string): boolean
  /** One bucket of an index: renders again when an entry joins, leaves or changes. In no particular order: sort what matters. */
  by<V, Index extends string>(
    store: ReadableStore<V, Index>,
    index: NoInfer<Index>,
    bucket: string,
  ): readonly (readonly [string, V])[]
  /** All keys: renders again when one is added or removed, not when a value changes. */
  keys<V>(store: ReadableStore<V>): Iterable<string>
}

/**
 * What one owner wants.
 *
 * - `objects`: exactly these, everything else of the owner goes.
 * - `wait`: something that is not there yet; a change of what was read renders again.
 * - `invalid`: a user's mistake; not tried again until something that was read changes.
 *
 * `wait` and `invalid` without `objects` keep what the owner has; with them they say what it shall have meanwhile
 * (`[]` = nothing). `reason` is one CamelCase word for conditions, `message` a sentence for people.
 */
export type Rendered =
  | { readonly kind: 'objects'; readonly objects: readonly Desired[] }
  | { readonly kind: 'wait'; readonly reason: string; readonly message?: string; readonly objects?: readonly Desired[] }
  | {
      readonly kind: 'invalid'
      readonly reason: string
      readonly message: string
      readonly objects?: readonly Desired[]
    }

/** A kind of owner: which ones exist, and what each of them wants. */
export interface OwnerKind {
  /** First part of the owner keys: `pod`. Without a slash. */
  readonly kind: string
  /** The owners that exist: the keys of a store, or a fixed list (`['cluster']`). */
  readonly keys: ReadableStore<unknown> | readonly string[]
  /** Pure: no I/O, no clock, no environment, no state; reads only through `view`. `key` is without the kind. */
  render(key: string, view: View): Rendered
  /**
   * Kinds that others refer to have lower numbers: they are rendered and committed first, and removed last. Default 0.
   */
  readonly order?: number
}

/**
 * - `pending`: not rendered or not committed for the first time yet
 * - `done`: the targets hold what the owner wants
 * - `retry`: a target refused it, see `message`; tried again with a growing, capped delay, for ever
 * - `wait`: the render, or a target, waits for something that is not there yet
 * - `invalid`: nothing happens until what the render read changes (or a conflict is over)
 */
export type OwnerState = 'pending' | 'done' | 'retry' | 'wait' | 'invalid'

export interface OwnerStatus {
  readonly state: OwnerState
  /** One CamelCase word: the render's, or `Rejected`, `Blocked`, `Conflict`, `RenderFailed`; empty when done. */
  readonly reason: string
  /** For people; empty when done. */
  readonly message: string
  /** Refusals in a row. */
  readonly attempts: number
  /** When this state was entered, milliseconds of the engine's clock. */
  readonly since: number
}

export const ownerKey = (kind: string, key: string): OwnerKey => `${kind}/${key}`
