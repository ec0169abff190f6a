import { RankedQueue } from './ranked-queue.ts'
import type { OwnerRecord } from './record.ts'

/**
 * Owners that wait to be compared with one target. Those that were refused before travel apart from the others, whose batches
 * would be refused with them time and again; the two take turns, so that neither waits for the other's end.
 */
export class CommitQueue {
  readonly #healthy: RankedQueue
  readonly #suspects: RankedQueue
  readonly #flying = new Set<OwnerRecord>()
  #suspectsNext = false

  /** @param kinds number of ranks that living owners have */
  constructor(kinds: number) {
    this.#healthy = new RankedQueue(kinds)
    this.#suspects = new RankedQueue(kinds)
  }

  /** Waiting, not counting those on their way. */
  get size(): number {
    return this.#healthy.size + this.#suspects.size
  }

  /** Waiting or on its way: its outcome is not known. */
  has(record: OwnerRecord): boolean {
    return this.#flying.has(record) || this.waits(record)
  }

  waits(record: OwnerRecord): boolean {
    return this.#healthy.has(record) || this.#suspects.has(record)
  }

  add(record: OwnerRecord, suspect: boolean): void {
    if (suspect) this.#healthy.delete(record)
    ;(suspect ? this.#suspects : this.#healthy).add(record)
  }

  delete(record: OwnerRecord): void {
    this.#healthy.delete(record)
    this.#suspects.delete(record)
  }

  took(record: OwnerRecord): void {
    this.#flying.add(record)
  }

  landed(record: OwnerRecord): void {
    this.#flying.delete(record)
  }

  /**
   * Owners for one batch, in order. Left out are those on their way, and those about to be rendered: what they wanted
   * is out of date, after a pause perhaps by hours.
   */
  *take(): Generator<OwnerRecord> {
    const first = this.#suspectsNext ? this.#suspects : this.#healthy
    this.#suspectsNext = !this.#suspectsNext
    let any = false
    for (const queue of [first, first === this.#healthy ? this.#suspects : this.#healthy]) {
      for (const record of queue.take(record => record.dirty || this.#flying.has(record))) {
        any = true
        yield record
      }
      if (any) return
    }
  }
}
