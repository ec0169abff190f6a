/** Longest text worth sharing, and how many different ones are kept. */
const LONGEST = 40
const MOST = 1024

/**
 * Shares equal short texts of one column, such as the keys and values of `external_ids` or references to the same few rows.
 * Gives up on a column whose texts turn out to be mostly different.
 */
export class Interner {
  readonly #texts = new Map<string, string>()
  #hits = 0
  #active = true

  intern<T>(value: T): T {
    if (!this.#active || typeof value !== 'string' || value.length > LONGEST) return value
    const known = this.#texts.get(value)
    if (known !== undefined) {
      this.#hits++
      return known as T
    }
    if (this.#texts.size >= MOST) this.#restart()
    this.#texts.set(value, value)
    return value
  }

  #restart(): void {
    this.#active = this.#hits >= MOST
    this.#hits = 0
    this.#texts.clear()
  }
}
