import type { Clock } from './clock.ts'

/** A clock for tests: time passes when told to. */
export class ManualClock implements Clock {
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()
  #now = 1_000_000

  now(): number {
    return this.#now
  }

  elapsed(): number {
    return this.#now
  }

  after(milliseconds: number, callback: () => void): Disposable {
    const timer = { at: this.#now + milliseconds, callback }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  /** When the next timer is due, as a delay from now; undefined when there is none. */
  get next(): number | undefined {
    const due = Math.min(...[...this.#timers].map(({ at }) => at))
    return Number.isFinite(due) ? due - this.#now : undefined
  }

  /** Lets time pass and runs what becomes due, in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds
    for (let timer = this.#due(end); timer; timer = this.#due(end)) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.at)
      timer.callback()
    }
    this.#now = end
  }

  #due(end: number): { readonly at: number; readonly callback: () => void } | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
  }
}

/** A clock for tests in which waiting takes no time: it jumps to the next appointment in the next turn of the event loop. */
export class EagerClock implements Clock {
  #now = 1_000_000
  #looks = 0

  now(): number {
    return this.#now
  }

  /** A millisecond more at each look: work is cut into the smallest slices. */
  elapsed(): number {
    return ++this.#looks
  }

  after(milliseconds: number, callback: () => void): Disposable {
    const at = this.#now + milliseconds
    const immediate = setImmediate(() => {
      this.#now = Math.max(this.#now, at)
      callback()
    })
    return { [Symbol.dispose]: () => clearImmediate(immediate) }
  }
}
