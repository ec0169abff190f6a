/** Longest text worth sharing, and how many different ones are kept. */
const LONGEST = 40
const MOST = 8192

/**
 * Shares equal short texts, such as the keys and values of `external_ids`, which repeat in every row. Full tables start
 * anew, so that texts which never repeat cannot fill it for ever.
 */
export class Interner {
  readonly #texts = new Map<string, string>()

  intern<T>(value: T): T {
    if (typeof value !== 'string' || value.length > LONGEST) return value
    const known = this.#texts.get(value)
    if (known !== undefined) return known as T
    if (this.#texts.size >= MOST) this.#texts.clear()
    this.#texts.set(value, value)
    return value
  }
}
