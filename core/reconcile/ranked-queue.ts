import type { OwnerRecord } from './record.ts'

/**
 * Owners that wait for their turn: first those that others refer to; then the owners that are gone, the other way round.
 * An owner is in it once, however often it is added; first come, first served within a rank.
 */
export class RankedQueue {
  readonly #ranks: Set<OwnerRecord>[]
  #size = 0

  /** @param kinds number of ranks that living owners have */
  constructor(kinds: number) {
    this.#ranks = Array.from({ length: 2 * kinds }, () => new Set<OwnerRecord>())
  }

  get size(): number {
    return this.#size
  }

  has(record: OwnerRecord): boolean {
    return this.#rank(record, true).has(record) || this.#rank(record, false).has(record)
  }

  add(record: OwnerRecord): void {
    // It may have died, or come back to life, since it was queued.
    if (this.#rank(record, !record.alive).delete(record)) this.#size--
    const rank = this.#rank(record, record.alive)
    if (rank.has(record)) return
    rank.add(record)
    this.#size++
  }

  delete(record: OwnerRecord): void {
    if (this.#rank(record, true).delete(record)) this.#size--
    if (this.#rank(record, false).delete(record)) this.#size--
  }

  /** The owners in order, removed from the queue as they are handed out, except those that `skip` wants left in it. */
  *take(skip?: (record: OwnerRecord) => boolean): Generator<OwnerRecord> {
    for (const rank of this.#ranks) {
      for (const record of rank) {
        if (skip?.(record)) continue
        rank.delete(record)
        this.#size--
        yield record
      }
    }
  }

  #rank(record: OwnerRecord, alive: boolean): Set<OwnerRecord> {
    const index = alive ? record.kind.rank : this.#ranks.length - 1 - record.kind.rank
    const rank = this.#ranks[index]
    if (!rank) throw new RangeError(`owner ${record.key} has rank ${record.kind.rank}, of ${this.#ranks.length / 2}`)
    return rank
  }
}
