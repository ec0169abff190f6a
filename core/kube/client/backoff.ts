export interface BackoffOptions {
  /** First delay, ms. Default 250. */
  readonly minMs?: number
  /** Cap, ms. Default 30,000. */
  readonly maxMs?: number
  readonly factor?: number
  /** Source of [0, 1); tests pass their own. */
  readonly random?: () => number
}

/**
 * Exponential delays with "equal jitter": half of each delay is fixed, half random, so that a thousand agents do not come
 * back in the same instant after an outage and none comes back at once.
 */
export class Backoff {
  readonly #min: number
  readonly #max: number
  readonly #factor: number
  readonly #random: () => number
  #attempt = 0

  constructor({ minMs = 250, maxMs = 30_000, factor = 2, random = Math.random }: BackoffOptions = {}) {
    this.#min = minMs
    this.#max = maxMs
    this.#factor = factor
    this.#random = random
  }

  /** How often `next` was called since the last reset. */
  get attempts(): number {
    return this.#attempt
  }

  /** The next delay in ms. */
  next(): number {
    const ceiling = Math.min(this.#max, this.#min * this.#factor ** this.#attempt)
    this.#attempt++
    return ceiling / 2 + (this.#random() * ceiling) / 2
  }

  reset(): void {
    this.#attempt = 0
  }
}
