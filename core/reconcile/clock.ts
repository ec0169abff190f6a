/** Time, injected so that tests need not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds since some moment in the past: does not jump when the machine's clock is set. */
  elapsed(): number
  /** Calls back once after so many milliseconds, unless disposed before. */
  after(milliseconds: number, callback: () => void): Disposable
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
}

/** Delays double from `initial` up to `cap` (milliseconds) and stay there: nothing is ever given up. */
export interface Backoff {
  readonly initial: number
  readonly cap: number
}

export const defaultBackoff: Backoff = { initial: 100, cap: 30_000 }

/** The delay after so many refusals in a row (1 = the first). */
export function backoffDelay(backoff: Backoff, attempts: number): number {
  return Math.min(backoff.cap, backoff.initial * 2 ** Math.min(attempts - 1, 30))
}
