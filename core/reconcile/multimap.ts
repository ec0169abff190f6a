import { firstMember, membersOf, type OneOrMany, withMember, withoutMember } from './one-or-many.ts'

/** A map from a key to some values, cheap where most keys have one. */
export class MultiMap<K, V> {
  readonly #map = new Map<K, OneOrMany<V>>()

  /** Number of keys. */
  get size(): number {
    return this.#map.size
  }

  has(key: K): boolean {
    return this.#map.has(key)
  }

  /** The values of a key in the order in which they were added. Don't change the map while walking it. */
  get(key: K): Iterable<V> {
    return membersOf(this.#map.get(key))
  }

  /** The value that was added first. */
  first(key: K): V | undefined {
    return firstMember(this.#map.get(key))
  }

  add(key: K, value: V): void {
    const before = this.#map.get(key)
    const after = withMember(before, value)
    if (after !== before) this.#map.set(key, after)
  }

  /** Makes one of the values of a key the first. */
  promote(key: K, value: V): void {
    this.#map.set(key, new Set([value, ...this.get(key)]))
  }

  delete(key: K, value: V): void {
    const before = this.#map.get(key)
    const after = withoutMember(before, value)
    if (after === undefined) this.#map.delete(key)
    else if (after !== before) this.#map.set(key, after)
  }

  /** Removes a key with all its values and returns them. */
  take(key: K): Iterable<V> {
    const values = this.get(key)
    this.#map.delete(key)
    return values
  }
}
