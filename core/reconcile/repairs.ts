import type { Clock } from './clock.ts'
import type { OwnerRecord } from './record.ts'

/** Milliseconds over which commits are counted. */
const WINDOW = 10_000
/** So many commits of one owner in a window are work; more are a fight. */
const MANY = 50
/** Milliseconds between two repairs in a fight. */
const PAUSE = 1_000

/**
 * Notices owners that are put right again and again: somebody else changes the same thing back, or a value never compares equal
 * to what the target makes of it. Each repair would cause the next, as fast as the target answers, and keep both busy
 * for ever. New wishes of the owner are not held back, only the reaction to what the target tells.
 */
export class Repairs {
  readonly #clock: Clock
  readonly #commits = new Map<OwnerRecord, number>()
  #since = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Something of this owner was committed. Returns true when that is suspicious for the first time. */
  committed(record: OwnerRecord): boolean {
    this.#expire()
    const count = (this.#commits.get(record) ?? 0) + 1
    this.#commits.set(record, count)
    return count === MANY
  }

  /** Milliseconds to wait before this owner is compared on behalf of the target. */
  pause(record: OwnerRecord): number {
    this.#expire()
    return (this.#commits.get(record) ?? 0) < MANY ? 0 : PAUSE
  }

  #expire(): void {
    const now = this.#clock.now()
    if (now - this.#since < WINDOW) return
    this.#since = now
    this.#commits.clear()
  }
}
