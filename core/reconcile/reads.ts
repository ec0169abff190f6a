import { getOrSet } from './get-or-set.ts'
import { firstMember, membersOf, type OneOrMany, withMember, withoutMember } from './one-or-many.ts'
import type { View } from './owner.ts'
import type { OwnerRecord } from './record.ts'
import type { ReadableStore } from './store.ts'

/** One thing that renders can read (a key, a bucket of an index, a key set), and who did. Exists while it has readers. */
export class Readable {
  readonly #home: Map<string, Readable>
  readonly #id: string
  #readers: OneOrMany<OwnerRecord>
  /** Number of the render that read it last: one comparison tells a repeated read. */
  stamp = 0

  constructor(home: Map<string, Readable>, id: string) {
    this.#home = home
    this.#id = id
  }

  get readers(): Iterable<OwnerRecord> {
    return membersOf(this.#readers)
  }

  add(reader: OwnerRecord): void {
    if (this.#readers === undefined) this.#home.set(this.#id, this)
    this.#readers = withMember(this.#readers, reader)
  }

  delete(reader: OwnerRecord): void {
    this.#readers = withoutMember(this.#readers, reader)
    if (firstMember(this.#readers) === undefined && this.#home.get(this.#id) === this) this.#home.delete(this.#id)
  }
}

const ALL_KEYS = ''

/** Everything that was read in one store. */
class StoreReads {
  readonly store: ReadableStore<unknown>
  readonly #keys = new Map<string, Readable>()
  readonly #keySet = new Map<string, Readable>()
  readonly #buckets = new Map<string, Map<string, Readable>>()
  readonly #dirty: (record: OwnerRecord) => void

  constructor(store: ReadableStore<unknown>, dirty: (record: OwnerRecord) => void) {
    this.store = store
    this.#dirty = dirty
  }

  key(key: string): Readable {
    return readableIn(this.#keys, key)
  }

  keySet(): Readable {
    return readableIn(this.#keySet, ALL_KEYS)
  }

  bucket(index: string, bucket: string): Readable {
    return readableIn(getOrSet(this.#buckets, index, newHome), bucket)
  }

  changed(key: string, value: unknown, old: unknown): void {
    this.#mark(this.#keys.get(key))
    if ((value === undefined) !== (old === undefined)) this.#mark(this.#keySet.get(ALL_KEYS))
    for (const [index, buckets] of this.#buckets) {
      if (buckets.size === 0) continue
      if (old !== undefined) for (const bucket of this.store.buckets(index, key, old)) this.#mark(buckets.get(bucket))
      if (value !== undefined)
        for (const bucket of this.store.buckets(index, key, value)) this.#mark(buckets.get(bucket))
    }
  }

  #mark(readable: Readable | undefined): void {
    if (readable) for (const reader of readable.readers) this.#dirty(reader)
  }
}

const newHome = (): Map<string, Readable> => new Map()

function readableIn(home: Map<string, Readable>, id: string): Readable {
  // One of these for each read of each render: no closure is made for it.
  const known = home.get(id)
  if (known !== undefined) return known
  const made = new Readable(home, id)
  home.set(id, made)
  return made
}

/** Records what each render reads, and tells which owners a change concerns. */
export class Reads implements View, Disposable {
  readonly #stores = new Map<ReadableStore<unknown>, StoreReads>()
  readonly #dirty: (record: OwnerRecord) => void
  readonly #subscriptions = new DisposableStack()
  readonly #waiting = new Map<ReadableStore<unknown>, Set<OwnerRecord>>()
  #current: Readable[] = []
  #render = 0
  #unsynced: ReadableStore<unknown> | undefined

  constructor(dirty: (record: OwnerRecord) => void) {
    this.#dirty = dirty
  }

  /** Stores that were ever read. */
  stores(): Iterable<ReadableStore<unknown>> {
    return this.#stores.keys()
  }

  /**
   * Runs one render and remembers its reads as those of `record`.
   * `unsynced`: a store that it read before its first full state; the result must not be believed, and `record` becomes
   * dirty again when the store is synced.
   */
  record<R>(
    record: OwnerRecord,
    render: (view: View) => R,
  ): { readonly result: R; readonly unsynced?: ReadableStore<unknown> } {
    this.#render++
    this.#current.length = 0
    this.#unsynced = undefined
    try {
      const result = render(this)
      return this.#unsynced ? { result, unsynced: this.#unsynced } : { result }
    } finally {
      this.#remember(record)
      if (this.#unsynced) this.#waiting.get(this.#unsynced)?.add(record)
    }
  }

  /** The owner renders no more. */
  forget(record: OwnerRecord): void {
    for (const readable of record.reads) readable.delete(record)
    record.reads = []
    for (const waiting of this.#waiting.values()) waiting.delete(record)
  }

  get<V>(store: ReadableStore<V>, key: string): V | undefined {
    this.#note(this.#in(store).key(key))
    return store.get(key)
  }

  has<V>(store: ReadableStore<V>, key: string): boolean {
    this.#note(this.#in(store).key(key))
    return store.has(key)
  }

  by<V>(store: ReadableStore<V>, index: string, bucket: string): readonly (readonly [string, V])[] {
    this.#note(this.#in(store).bucket(index, bucket))
    return [...store.by(index, bucket)]
  }

  keys<V>(store: ReadableStore<V>): Iterable<string> {
    this.#note(this.#in(store).keySet())
    return store.keys()
  }

  [Symbol.dispose](): void {
    this.#subscriptions.dispose()
  }

  #note(readable: Readable): void {
    if (readable.stamp === this.#render) return
    readable.stamp = this.#render
    this.#current.push(readable)
  }

  #in(store: ReadableStore<unknown>): StoreReads {
    const known = this.#stores.get(store)
    if (!store.synced) this.#unsynced = store
    return known ?? this.#subscribe(store)
  }

  #subscribe(store: ReadableStore<unknown>): StoreReads {
    const reads = new StoreReads(store, this.#dirty)
    this.#stores.set(store, reads)
    this.#subscriptions.use(store.subscribe((key, value, old) => reads.changed(key, value, old)))
    if (!store.synced) {
      this.#waiting.set(store, new Set())
      this.#subscriptions.use(store.onSynced(() => this.#synced(store)))
    }
    return reads
  }

  #synced(store: ReadableStore<unknown>): void {
    for (const record of this.#waiting.get(store) ?? []) this.#dirty(record)
    this.#waiting.delete(store)
  }

  /** Most renders read what the one before did: then the index is not touched. */
  #remember(record: OwnerRecord): void {
    const before = record.reads
    const now = this.#current
    if (before.length === now.length && now.every((readable, i) => readable === before[i])) return
    for (const readable of before) if (readable.stamp !== this.#render) readable.delete(record)
    for (const readable of now) readable.add(record)
    record.reads = now.slice()
  }
}

/** Reads without recording: for renders whose result is only looked at. */
export const plainView: View = {
  get: (store, key) => store.get(key),
  has: (store, key) => store.has(key),
  by: (store, index, bucket) => [...store.by(index, bucket)],
  keys: store => store.keys(),
}
