import { type Backoff, backoffDelay, type Clock } from './clock.ts'

/** Delays while a target takes nothing at all, whatever the owner. */
const DELAYS: Backoff = { initial: 50, cap: 5_000 }

/** The time during which nothing is sent to a target, because it has shown that it takes nothing. */
export class Outage {
  readonly #clock: Clock
  readonly #over: () => void
  #failures = 0
  #current: { readonly message: string; readonly timer: Disposable } | undefined

  /** @param over called when it is time to try again */
  constructor(clock: Clock, over: () => void) {
    this.#clock = clock
    this.#over = over
  }

  /** Why nothing is sent; undefined when all is well. */
  get message(): string | undefined {
    return this.#current?.message
  }

  /** A batch could not be applied. Several that fail together are one failure. Returns the delay when it is the first. */
  begin(message: string): number | undefined {
    if (this.#current) return undefined
    const delay = backoffDelay(DELAYS, ++this.#failures)
    const retry = (): void => {
      this.end()
      this.#over()
    }
    this.#current = { message, timer: this.#clock.after(delay, retry) }
    return delay
  }

  /** Try again now. */
  end(): void {
    this.#current?.timer[Symbol.dispose]()
    this.#current = undefined
  }

  /** A batch was applied: the next outage begins with a short delay. */
  succeeded(): void {
    this.#failures = 0
  }
}
