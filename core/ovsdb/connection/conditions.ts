import type { WireCondition } from './types.ts'

type Changes = Map<string, WireCondition>

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

interface Batch {
  readonly changes: Changes
  readonly waiters: Waiter[]
}

/**
 * The monitor conditions that were set since the plan, by table: those the server has acknowledged, the change in flight (one
 * at a time, as in the C client) and what waits behind it. Survives reconnects.
 */
export class Conditions {
  readonly #acked: Changes = new Map()
  #inFlight: Batch | undefined
  #waiting: Batch = emptyBatch()

  /** Asks for a change; resolves once its rows are there. */
  set(changes: ReadonlyMap<string, WireCondition>): Promise<void> {
    for (const [table, condition] of changes) this.#waiting.changes.set(table, condition)
    return new Promise((resolve, reject) => this.#waiting.waiters.push({ resolve, reject }))
  }

  /** The condition that the server had when last heard of. A resumed monitor must start from it. */
  acked(table: string): WireCondition | undefined {
    return this.#acked.get(table)
  }

  /** The condition wanted now. A monitor that starts anew starts with it. */
  latest(table: string): WireCondition | undefined {
    return this.#waiting.changes.get(table) ?? this.#inFlight?.changes.get(table) ?? this.#acked.get(table)
  }

  /**
   * The change to send now, if any; answer with {@link succeed} or {@link fail}. A monitor that starts anew takes it along in
   * its request.
   */
  next(): ReadonlyMap<string, WireCondition> | undefined {
    if (this.#inFlight !== undefined || this.#waiting.waiters.length === 0) return undefined
    this.#inFlight = this.#waiting
    this.#waiting = emptyBatch()
    return this.#inFlight.changes
  }

  succeed(): void {
    const batch = this.#inFlight
    this.#inFlight = undefined
    if (batch !== undefined) this.#acknowledge(batch)
  }

  fail(error: unknown): void {
    const batch = this.#inFlight
    this.#inFlight = undefined
    for (const waiter of batch?.waiters ?? []) waiter.reject(error)
  }

  /**
   * The connection is gone. Returns whether a change was in flight: whether the server applied it is unknown, so what the last
   * transaction id stands for is unknown too.
   */
  lost(): boolean {
    const batch = this.#inFlight
    if (batch === undefined) return false
    this.#inFlight = undefined
    this.#waiting = {
      changes: new Map([...batch.changes, ...this.#waiting.changes]),
      waiters: [...batch.waiters, ...this.#waiting.waiters],
    }
    return true
  }

  /** Nobody will ever answer. */
  close(error: Error): void {
    this.lost()
    for (const waiter of this.#waiting.waiters) waiter.reject(error)
    this.#waiting = emptyBatch()
  }

  #acknowledge(batch: Batch): void {
    for (const [table, condition] of batch.changes) this.#acked.set(table, condition)
    for (const waiter of batch.waiters) waiter.resolve()
  }
}

function emptyBatch(): Batch {
  return { changes: new Map(), waiters: [] }
}
