import { MultiMap } from './multimap.ts'

export type IndexFunction<V> = (value: V, key: string) => Iterable<string>

export interface StoreOptions<V, Index extends string> {
  /** Shown in messages and dumps: `pods`. */
  readonly name: string
  /** Named indexes: which buckets a value belongs to. Pure functions of the value and its key. */
  readonly indexes?: Readonly<Record<Index, IndexFunction<V>>>
  /** When it holds for the old and the new value, `set` keeps the old one and tells nobody. Default: identity. */
  readonly equals?: (a: V, b: V) => boolean
}

/** Called after the store and its indexes were changed. `value` is undefined for a removal, `old` for an addition. */
export type StoreListener<V> = (key: string, value: V | undefined, old: V | undefined) => void

/** What renders may read. A `Store` is one; so is any keyed view of something else that tells its changes. */
export interface ReadableStore<V, Index extends string = string> {
  readonly name: string
  /** The first full state has been delivered. Renders that read an unsynced store are not believed. */
  readonly synced: boolean
  readonly size: number
  get(key: string): V | undefined
  has(key: string): boolean
  keys(): Iterable<string>
  by(index: Index, bucket: string): Iterable<readonly [string, V]>
  /** The buckets of `index` that a value belongs to. */
  buckets(index: Index, key: string, value: V): Iterable<string>
  subscribe(listener: StoreListener<V>): Disposable
  /** Calls back once, when `synced` becomes true (at once, if it is). */
  onSynced(listener: () => void): Disposable
}

/**
 * Keyed values with named hash indexes: the place where a source (a watch, a replica, a socket) puts what it observed.
 *
 * Values are immutable: change one by `set` with a new value. Every change is told to subscribers synchronously.
 */
export class Store<V, Index extends string = string> implements ReadableStore<V, Index> {
  readonly name: string
  readonly #values = new Map<string, V>()
  readonly #indexes = new Map<string, { readonly of: IndexFunction<V>; readonly keys: MultiMap<string, string> }>()
  readonly #equals: (a: V, b: V) => boolean
  readonly #listeners = new Set<StoreListener<V>>()
  readonly #syncListeners = new Set<() => void>()
  #synced = false

  constructor(options: StoreOptions<V, Index>) {
    this.name = options.name
    this.#equals = options.equals ?? Object.is
    for (const [name, of] of Object.entries<IndexFunction<V>>(options.indexes ?? {})) {
      this.#indexes.set(name, { of, keys: new MultiMap() })
    }
  }

  get size(): number {
    return this.#values.size
  }

  get synced(): boolean {
    return this.#synced
  }

  get(key: string): V | undefined {
    return this.#values.get(key)
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }

  keys(): MapIterator<string> {
    return this.#values.keys()
  }

  entries(): MapIterator<[string, V]> {
    return this.#values.entries()
  }

  /** The entries in one bucket of an index, in no particular order. */
  *by(index: Index, bucket: string): Generator<[string, V]> {
    for (const key of this.#index(index).keys.get(bucket)) {
      const value = this.#values.get(key)
      if (value !== undefined) yield [key, value]
    }
  }

  buckets(index: Index, key: string, value: V): Iterable<string> {
    return this.#index(index).of(value, key)
  }

  /** Adds or replaces a value. Returns false when an equal one was there. */
  set(key: string, value: V): boolean {
    const old = this.#values.get(key)
    if (old !== undefined && this.#equals(old, value)) return false
    if (old !== undefined) this.#unindex(key, old)
    this.#values.set(key, value)
    for (const { of, keys } of this.#indexes.values()) for (const bucket of of(value, key)) keys.add(bucket, key)
    this.#tell(key, value, old)
    return true
  }

  /** Returns false when there was no such key. */
  delete(key: string): boolean {
    const old = this.#values.get(key)
    if (old === undefined) return false
    this.#values.delete(key)
    this.#unindex(key, old)
    this.#tell(key, undefined, old)
    return true
  }

  /** Makes the store hold exactly these entries, telling only the differences, and marks it synced: a source's full state. */
  replace(entries: Iterable<readonly [string, V]>): void {
    const next = new Map(entries)
    for (const key of [...this.#values.keys()]) if (!next.has(key)) this.delete(key)
    for (const [key, value] of next) this.set(key, value)
    this.markSynced()
  }

  /** Says that the first full state is in the store. It stays so: an outage of the source later makes it stale, not empty. */
  markSynced(): void {
    if (this.#synced) return
    this.#synced = true
    for (const listener of [...this.#syncListeners]) listener()
    this.#syncListeners.clear()
  }

  subscribe(listener: StoreListener<V>): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  onSynced(listener: () => void): Disposable {
    if (this.#synced) listener()
    else this.#syncListeners.add(listener)
    return { [Symbol.dispose]: () => void this.#syncListeners.delete(listener) }
  }

  #index(name: string): { readonly of: IndexFunction<V>; readonly keys: MultiMap<string, string> } {
    const index = this.#indexes.get(name)
    if (index) return index
    const known = [...this.#indexes.keys()].join(', ') || 'none'
    throw new TypeError(`store ${this.name} has no index "${name}" (declared: ${known}); add it to the store's indexes`)
  }

  #unindex(key: string, value: V): void {
    for (const { of, keys } of this.#indexes.values()) for (const bucket of of(value, key)) keys.delete(bucket, key)
  }

  #tell(key: string, value: V | undefined, old: V | undefined): void {
    for (const listener of this.#listeners) listener(key, value, old)
  }
}
