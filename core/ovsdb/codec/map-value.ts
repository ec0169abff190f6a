import { inspect } from 'node:util'
import type { OvsMap } from '../schema/values.ts'
import { contains, type Delta, type Lookup, lookup, SMALL } from './delta.ts'

/** How an older version of a map differs from the next one. */
interface Older<K, V> {
  readonly size: number
  readonly newer: MapValue<K, V>
  /** Keys in the newer version only. */
  readonly added: Lookup<K>
  /** Pairs that the newer version lacks or has with another value. */
  readonly before: ReadonlyMap<K, V>
}

/** Keys and values in turn. */
type Flat = readonly unknown[]

const none: readonly never[] = []

/** The map of one column of one row; versions as in SetValue. Small ones are one array of keys and values in turn. */
export class MapValue<K, V> implements OvsMap<K, V> {
  static readonly EMPTY: MapValue<never, never> = new MapValue<never, never>(none)

  #content: Flat | Map<K, V> | Older<K, V>

  /** Takes the array over: keys and values in turn, no key twice. */
  constructor(content: Flat | Map<K, V>) {
    this.#content = content
  }

  static of<K, V>(flat: Flat): MapValue<K, V> {
    return flat.length === 0 ? MapValue.EMPTY : new MapValue(flat)
  }

  get size(): number {
    const content = this.#content
    return Array.isArray(content) ? content.length / 2 : (content as Map<K, V> | Older<K, V>).size
  }

  get(key: K): V | undefined {
    const content = this.#content
    if (Array.isArray(content)) return content.length > 2 * SMALL ? this.#index().get(key) : findFlat<V>(content, key)
    if (content instanceof Map) return content.get(key)
    return getOlder(content as Older<K, V>, key)
  }

  has(key: K): boolean {
    return this.get(key) !== undefined
  }

  *entries(): IterableIterator<readonly [K, V]> {
    const content = this.#content
    if (Array.isArray(content)) yield* flatEntries<K, V>(content)
    else if (content instanceof Map) yield* content
    else yield* iterateOlder(content as Older<K, V>)
  }

  [Symbol.iterator](): IterableIterator<readonly [K, V]> {
    return this.entries()
  }

  *keys(): IterableIterator<K> {
    for (const [key] of this.entries()) yield key
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value
  }

  /** For logs and inspection: a record. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(Array.from(this, ([key, value]) => [key, typeof value === 'bigint' ? `${value}` : value]))
  }

  [inspect.custom](): unknown {
    return new Map(this)
  }

  /** The difference to another version or map, key by key; undefined if equal. */
  compare(next: MapValue<K, V>): Delta | undefined {
    if (next === this) return undefined
    const added: K[] = []
    const changed: K[] = []
    for (const [key, value] of next) {
      const before = this.get(key)
      if (before === undefined) added.push(key)
      else if (before !== value) changed.push(key)
    }
    const removed = next.size - added.length === this.size ? none : [...this.keys()].filter(key => !next.has(key))
    return added.length + changed.length + removed.length === 0 ? undefined : { added, changed, removed }
  }

  /** Applies the difference of update2/update3: the same pair removes, another value replaces, a new key adds. */
  patch(pairs: readonly (readonly [K, V])[]): { readonly value: MapValue<K, V>; readonly delta: Delta } {
    const added: K[] = []
    const changed: K[] = []
    const removed: K[] = []
    for (const [key, value] of pairs) {
      const before = this.get(key)
      if (before === undefined) added.push(key)
      else if (before === value) removed.push(key)
      else changed.push(key)
    }
    return { value: this.#apply(pairs, added, removed), delta: { added, changed, removed } }
  }

  /** Another map with these pairs set and keys gone, which leaves this one the newest version. Costs what differs. */
  with(pairs: readonly (readonly [K, V])[], removed: readonly K[]): MapValue<K, V> {
    const before = new Map(pairs.filter(([key, value]) => this.get(key) !== value))
    const less = removed.filter(key => this.has(key) && !before.has(key))
    if (before.size + less.length === 0) return this
    const more = before.keys().reduce((count, key) => count + (this.has(key) ? 0 : 1), 0)
    const fork = new MapValue<K, V>(none)
    fork.#content = { size: this.size + more - less.length, newer: this, added: lookup(less), before }
    return fork
  }

  #apply(pairs: readonly (readonly [K, V])[], added: readonly K[], removed: readonly K[]): MapValue<K, V> {
    const small = this.size + added.length <= SMALL
    const store = small ? new Map(this) : this.#take()
    const before = small ? undefined : this.#before(pairs)
    const size = store.size
    for (const [key, value] of pairs) store.set(key, value)
    for (const key of removed) store.delete(key)
    if (before === undefined) return MapValue.of([...store].flat())
    const next = new MapValue(store)
    this.#content = { size, newer: next, added: lookup(added), before }
    return next
  }

  #before(pairs: readonly (readonly [K, V])[]): Map<K, V> {
    const before = new Map<K, V>()
    for (const [key] of pairs) {
      const value = this.get(key)
      if (value !== undefined) before.set(key, value)
    }
    return before
  }

  #index(): Map<K, V> {
    const index = new Map(this)
    this.#content = index
    return index
  }

  #take(): Map<K, V> {
    return this.#content instanceof Map ? this.#content : Array.isArray(this.#content) ? this.#index() : new Map(this)
  }
}

function findFlat<V>(flat: Flat, key: unknown): V | undefined {
  for (let i = 0; i < flat.length; i += 2) if (flat[i] === key) return flat[i + 1] as V
  return undefined
}

function* flatEntries<K, V>(flat: Flat): IterableIterator<readonly [K, V]> {
  for (let i = 0; i < flat.length; i += 2) yield [flat[i] as K, flat[i + 1] as V]
}

function getOlder<K, V>(older: Older<K, V>, key: K): V | undefined {
  if (contains(older.added, key)) return undefined
  return older.before.get(key) ?? older.newer.get(key)
}

function* iterateOlder<K, V>(older: Older<K, V>): IterableIterator<readonly [K, V]> {
  yield* older.before
  for (const pair of older.newer) if (!contains(older.added, pair[0]) && !older.before.has(pair[0])) yield pair
}
