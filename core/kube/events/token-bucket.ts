/** Allows `burst` at once, and `perMs` tokens a millisecond on average. */
export class TokenBucket {
  readonly #burst: number
  readonly #perMs: number
  #tokens: number
  #at: number

  constructor({ burst, perMs, now }: { readonly burst: number; readonly perMs: number; readonly now: number }) {
    this.#burst = burst
    this.#perMs = perMs
    this.#tokens = burst
    this.#at = now
  }

  /** Takes a token if there is one. */
  take(now: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, now - this.#at) * this.#perMs)
    this.#at = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
