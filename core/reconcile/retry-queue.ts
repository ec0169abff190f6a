import type { Clock } from './clock.ts'

/** Things that come back later. One timer for all; things due within the same few milliseconds come back together. */
export class RetryQueue<T> {
  readonly #due = new Map<T, number>()
  readonly #clock: Clock
  readonly #wake: (items: readonly T[]) => void
  #timer: Disposable | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock, wake: (items: readonly T[]) => void) {
    this.#clock = clock
    this.#wake = wake
  }

  get size(): number {
    return this.#due.size
  }

  /** Brings the item back after so many milliseconds; an earlier appointment stands. */
  schedule(item: T, delay: number): void {
    const at = Math.min(this.#clock.now() + delay, this.#due.get(item) ?? Number.POSITIVE_INFINITY)
    this.#due.set(item, at)
    if (at < this.#timerAt) this.#arm(at)
  }

  cancel(item: T): void {
    this.#due.delete(item)
  }

  clear(): void {
    this.#due.clear()
    this.#disarm()
  }

  #arm(at: number): void {
    this.#disarm()
    this.#timerAt = at
    this.#timer = this.#clock.after(Math.max(0, at - this.#clock.now()), () => this.#fire())
  }

  #disarm(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
  }

  #fire(): void {
    this.#disarm()
    const now = this.#clock.now()
    const due: T[] = []
    let next = Number.POSITIVE_INFINITY
    for (const [item, at] of this.#due) {
      if (at <= now) due.push(item)
      else next = Math.min(next, at)
    }
    for (const item of due) this.#due.delete(item)
    // Appointments made by `wake` itself arm the timer again.
    if (next < Number.POSITIVE_INFINITY) this.#arm(next)
    if (due.length > 0) this.#wake(due)
  }
}
