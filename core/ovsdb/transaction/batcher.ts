import type { Operation } from './operations.ts'
import type { Outcome } from './outcome.ts'

/** Limits of one joined transaction. */
export interface BatcherOptions {
  /** Groups in one transaction; default 1,000. */
  readonly maxGroups?: number
  /** Bytes of one transaction, about; default 1 MiB. */
  readonly maxBytes?: number
  /** Joined transactions on the way at the same time; default 2. */
  readonly inFlight?: number
  /** Milliseconds for each; default 30,000. */
  readonly timeout?: number
}

/**
 * Joins groups of operations that don't depend on one another. What is submitted in the same turn of the event loop, or
 * while all slots are busy, travels together. If a joined transaction is refused it is cut in halves until the group at
 * fault stands alone: each group gets its own outcome.
 */
export interface Batcher {
  transact(operations: readonly Operation[]): Promise<Outcome>
  /** Groups that wait for a slot. */
  readonly queued: number
}
