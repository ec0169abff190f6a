/**
 * What the engine asks of the place it writes to: an OVSDB database, the kernel, the Kubernetes API.
 *
 * A target knows three things: what it holds now (its own replica or snapshot, kept up to date by events), how that
 * differs from what is desired (`TargetBatch.add`, synchronous, no I/O), and how to apply the difference
 * (`TargetBatch.commit`). Retry, backoff, grouping, bisection, conflicts, sweeping and status belong to the engine.
 */

/** `<kind>/<key>`, for example `pod/default/web-0`. The same text is the mark that targets write on what they own. */
export type OwnerKey = string

/**
 * One thing that is wanted: a row, an element of a set, an annotation, a route. It is present or absent as a whole;
 * parts that come and go on their own are objects of their own. Targets extend it with their fields, preferably as a
 * small class, so that `instanceof` tells their kinds apart and 30,000 of them stay compact.
 */
export interface Desired {
  /** `Target.name` of the target that it belongs to. */
  readonly target: string
  /** Identity within the target: equal keys mean the same thing, however its content changes. */
  readonly key: string
  /**
   * Several owners may want it; it goes when the last of them no longer does. Without it a second owner of the key is
   * a conflict: the first one keeps it, and the second gets the status `invalid` with a text that names the first.
   */
  readonly shared?: boolean
  /** What people call it in messages, where the key is no name: `Logical_Switch net-a`. */
  readonly title?: string
}

/** Something that the target holds and that carries our mark, in a form that `TargetBatch.add` can remove. */
export interface Held {
  /** The owner in the mark; `undefined` where the thing is ours for sure, but cannot tell its owner (a set's element). */
  readonly owner: OwnerKey | undefined
  readonly object: Desired
}

/** A part of an owner that cannot be brought into the target now, although nothing is wrong with it. */
export interface Blocked {
  /** What is missing, for people: `switch "net1" does not exist`. */
  readonly message: string
  /** Try again after this many milliseconds. Without it the target promises to call `sink.changed(key)`. */
  readonly retryAfter?: number
}

/** How a batch ended. Owners are given by `OwnerKey`, as they were passed to `TargetBatch.add`. */
export type CommitResult =
  /** Everything in the batch is in the target, and the target's replica shows it. */
  | { readonly status: 'committed' }
  /** Refused because of its content; nothing of it was applied. `suspect`: the owner that the refusal points at, if any. */
  | { readonly status: 'rejected'; readonly message: string; readonly suspect?: OwnerKey }
  /** Not applied, and not because of the content: not connected, read-only, server overloaded, aborted. */
  | { readonly status: 'unavailable'; readonly message: string }
  /** Sent, and the answer is lost: may or may not be applied. The engine compares again when the target is ready. */
  | { readonly status: 'unknown'; readonly message: string }

/**
 * One group of owners on its way into the target. Later `add`s see what earlier ones will do (a row inserted for one
 * owner may be referenced by the next), so that a group needs no order among its own operations from outside.
 * The engine adds references first: owners by ascending `order` of their kind, then removed owners by descending.
 */
export interface TargetBatch {
  /**
   * Compares what `owner` wants with what the target holds and adds the operations that are missing.
   * Synchronous and without I/O. It must cost no more than the owner's own objects do.
   *
   * @param desired all objects of the owner in this target; what is not listed in `removed` is left alone
   * @param removed objects of the owner (or found by `held`) that nobody wants any more; removing what is gone is a no-op
   * @returns why a part of it cannot be done now; the other parts are added nevertheless
   */
  add(owner: OwnerKey, desired: readonly Desired[], removed: readonly Desired[]): Blocked | undefined
  /**
   * Differences added so far, between what owners want and what the target holds now; 0 means that it holds everything.
   * A difference that an earlier owner of the batch brings already counts again: both depend on the batch. How many
   * operations travel in the end is the target's business.
   */
  readonly operations: number
  /** Applies all operations, atomically where the target can (see `TargetLimits.owners` where it cannot). Never rejects. */
  commit(signal: AbortSignal): Promise<CommitResult>
}

export interface TargetLimits {
  /** Batches in flight at once. 1 = group commit: the next batch gathers while one is on its way. */
  readonly inFlight: number
  /** Owners in one batch. A target without transactions says 1, so that an outcome belongs to one owner. */
  readonly owners: number
}

/** What a target tells the engine. All calls are cheap and may come at any time, also for keys that nobody wants. */
export interface TargetSink {
  /** What the target holds under this key changed, or what blocked it did: its owners are compared again. */
  changed(key: string): void
  /** `Target.ready` became true, contents as before. */
  ready(): void
  /** The contents may differ anywhere (reconnected, replaced): everything is compared again, and swept. */
  resync(): void
}

export interface Target {
  readonly name: string
  readonly limits: TargetLimits
  /** Connected, and the first full state is known. The engine neither compares nor commits while it is false. */
  readonly ready: boolean
  /** Called once, when the engine starts. Dispose it to unsubscribe. */
  attach(sink: TargetSink): Disposable
  begin(): TargetBatch
  /** What the target holds with our mark. The engine removes what nobody wants, and only when it is sure to know all wants. */
  held(): Iterable<Held>
  /** The owner that the thing is marked with in the target; decides which of two owners was first after a restart. */
  holder?(key: string): OwnerKey | undefined
}
