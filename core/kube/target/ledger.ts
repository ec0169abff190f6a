import { isLater } from '../client/resource-version.ts'

/** A write of ours. */
export interface Entry {
  readonly uid: string
  /** What was written, as text. */
  readonly text: string
  /** The resource version that the write led to. */
  readonly version: string
  /** Remembered after the watch has shown it too: the server may store something else than was sent (defaults, pruned fields). */
  readonly lasting: boolean
}

/** What an entry means for a new diff: write nothing, write all without comparing, or compare with what the mirror shows. */
export type Verdict = 'holds' | 'overtaken' | 'compare'

/**
 * What was written until the watch shows it, so that nothing is written twice in between; when each key was written last; and which
 * objects are known to be gone before the watch says so.
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>()
  readonly #times = new Map<string, number>()
  /** Object to the uid that the API no longer knows. */
  readonly #gone = new Map<string, string>()

  /** @param shown the object's resource version as the mirror knows it */
  judge(key: string, uid: string, text: string, shown: string | undefined): Verdict {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.uid !== uid) return 'compare'
    const seen = shown !== undefined && !isLater(entry.version, shown)
    if (entry.text !== text) return seen ? 'compare' : 'overtaken'
    return shown !== undefined && isLater(shown, entry.version) ? 'compare' : 'holds'
  }

  /** The object that a write created and the watch has not shown yet. */
  created(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  wrote(key: string, entry: Entry, shown: string | undefined, now: number): void {
    this.#times.set(key, now)
    const seen = shown !== undefined && !isLater(entry.version, shown)
    if (seen && !entry.lasting) this.#entries.delete(key)
    else this.#entries.set(key, entry)
  }

  /** ms until the key may be written again; 0 when it may now. */
  wait(key: string, minIntervalMs: number, now: number): number {
    const last = this.#times.get(key)
    return minIntervalMs === 0 || last === undefined ? 0 : Math.max(0, last + minIntervalMs - now)
  }

  /** The mirror got news of the object that this key is about. Returns true when they are our own write and nothing more. */
  shown(key: string, version: string | undefined): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined) return false
    const seen = version === undefined || (!entry.lasting && !isLater(entry.version, version))
    if (seen) this.#entries.delete(key)
    return entry.version === version
  }

  /** Returns false: nothing is an echo any more. */
  forget(key: string): false {
    this.#entries.delete(key)
    this.#times.delete(key)
    return false
  }

  markGone(object: string, uid: string): void {
    this.#gone.set(object, uid)
  }

  isGone(object: string, uid: string): boolean {
    return this.#gone.get(object) === uid
  }

  clearGone(object: string): void {
    this.#gone.delete(object)
  }
}
