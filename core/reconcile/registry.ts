import { getOrSet } from './get-or-set.ts'
import type { OwnerKind } from './owner.ts'
import { ownerKey } from './owner.ts'
import { OwnerRecord, type RankedKind } from './record.ts'
import type { ReadableStore } from './store.ts'
import type { OwnerKey } from './target.ts'

export interface RegistryEvents {
  added(record: OwnerRecord): void
  removed(record: OwnerRecord): void
}

/** Which owners exist. A record outlives its owner until the owner's objects are gone. */
export class Registry {
  readonly records = new Map<OwnerKey, OwnerRecord>()
  readonly kinds: readonly RankedKind[]
  readonly #events: RegistryEvents

  constructor(kinds: readonly OwnerKind[], events: RegistryEvents) {
    this.kinds = rank(kinds)
    this.#events = events
  }

  /** Number of different ranks. */
  get ranks(): number {
    return this.kinds.reduce((highest, { rank }) => Math.max(highest, rank), 0) + 1
  }

  /** Stores whose keys are owners. */
  *stores(): Generator<ReadableStore<unknown>> {
    for (const { spec } of this.kinds) if (isStore(spec.keys)) yield spec.keys
  }

  /** Begins to follow the kinds' keys. */
  observe(): Disposable {
    const subscriptions = new DisposableStack()
    for (const kind of this.kinds) {
      const keys = kind.spec.keys
      if (!isStore(keys)) {
        for (const name of keys) this.#add(kind, name)
        continue
      }
      // Before the first full state a render could not be believed: the owner's own object may be only half told.
      const follow = () => {
        for (const name of keys.keys()) this.#add(kind, name)
        const listener = (name: string, value: unknown, old: unknown) => this.#changed(kind, name, value, old)
        subscriptions.use(keys.subscribe(listener))
      }
      subscriptions.use(keys.onSynced(follow))
    }
    return subscriptions
  }

  /** The record under whose name a leftover is removed: of an owner that exists, or of one that is no more. */
  orphan(key: OwnerKey): OwnerRecord {
    const known = this.records.get(key)
    if (known) return known
    const slash = key.indexOf('/')
    const kind = this.kinds.find(({ spec }) => spec.kind === key.slice(0, slash)) ?? FORMER
    const record = new OwnerRecord(kind, key.slice(slash + 1), key)
    record.alive = false
    this.records.set(key, record)
    return record
  }

  forget(record: OwnerRecord): void {
    if (this.records.get(record.key) === record) this.records.delete(record.key)
  }

  #changed(kind: RankedKind, name: string, value: unknown, old: unknown): void {
    if (value === undefined) this.#remove(ownerKey(kind.spec.kind, name))
    else if (old === undefined) this.#add(kind, name)
  }

  #add(kind: RankedKind, name: string): void {
    const key = ownerKey(kind.spec.kind, name)
    const record = getOrSet(this.records, key, () => new OwnerRecord(kind, name, key))
    record.alive = true
    this.#events.added(record)
  }

  #remove(key: OwnerKey): void {
    const record = this.records.get(key)
    if (!record) return
    record.alive = false
    record.known = false
    record.verdict = undefined
    this.#events.removed(record)
  }
}

/** For leftovers of kinds that no longer exist. */
const FORMER: RankedKind = { rank: 0, spec: { kind: '', keys: [], render: () => ({ kind: 'objects', objects: [] }) } }

function rank(kinds: readonly OwnerKind[]): RankedKind[] {
  const seen = new Set<string>()
  const orders = [...new Set(kinds.map(kind => kind.order ?? 0))].sort((a, b) => a - b)
  for (const { kind } of kinds) {
    if (kind === '' || kind.includes('/') || seen.has(kind)) {
      throw new TypeError(
        `owner kinds need different names without "/"; got "${kind}"${seen.has(kind) ? ' twice' : ''}`,
      )
    }
    seen.add(kind)
  }
  return kinds.map(spec => ({ spec, rank: orders.indexOf(spec.order ?? 0) }))
}

export function isStore(keys: OwnerKind['keys']): keys is ReadableStore<unknown> {
  return !Array.isArray(keys)
}
