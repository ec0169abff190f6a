/** A longer delay overflows: Node would call at once. */
const longestDelay = 2 ** 31 - 1

/**
 * Rings once at the earliest of the times that it was set to, and can be set anew then. It may ring before: the clock was set back, or the time is more than 24 days off. Whoever hears it looks
 * what is due. Keeps no process alive.
 */
export class Alarm implements Disposable {
  readonly #ring: () => void
  readonly #now: () => number
  #timer: NodeJS.Timeout | undefined
  #due = Number.POSITIVE_INFINITY

  /** @param now milliseconds since 1970 */
  constructor(ring: () => void, now: () => number = Date.now) {
    this.#ring = ring
    this.#now = now
  }

  /** @param time milliseconds since 1970; Infinity: never */
  at(time: number): void {
    if (time >= this.#due) return
    this.#due = time
    clearTimeout(this.#timer)
    const delay = Math.min(Math.max(0, time - this.#now()), longestDelay)
    this.#timer = setTimeout(() => {
      this.#due = Number.POSITIVE_INFINITY
      this.#ring()
    }, delay).unref()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}
