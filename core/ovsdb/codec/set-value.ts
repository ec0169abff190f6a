import { inspect } from 'node:util'
import type { OvsSet } from '../schema/values.ts'
import { contains, type Delta, type Lookup, lookup, SMALL } from './delta.ts'

/** How an older version of a set differs from the next one. */
interface Older<T> {
  readonly size: number
  readonly newer: SetValue<T>
  /** In the newer version only. */
  readonly added: Lookup<T>
  /** In this version only. */
  readonly removed: readonly T[]
}

const none: readonly never[] = []

/**
 * The set of one column of one row; a version of it never changes. Small ones are arrays. Big ones share one Set that
 * always is the newest version: a change moves the Set on and leaves the difference behind (Baker's trick), so that a
 * change of one element in ten thousand costs one element, and the old row still shows what it was.
 */
export class SetValue<T> implements OvsSet<T> {
  static readonly EMPTY: SetValue<never> = new SetValue<never>(none)

  #content: readonly T[] | Set<T> | Older<T>

  /** Takes the array over; it must have no duplicates. */
  constructor(content: readonly T[] | Set<T>) {
    this.#content = content
  }

  static of<T>(items: readonly T[]): SetValue<T> {
    return items.length === 0 ? SetValue.EMPTY : new SetValue(items)
  }

  get size(): number {
    const content = this.#content
    return Array.isArray(content) ? content.length : (content as Set<T> | Older<T>).size
  }

  has(value: T): boolean {
    const content = this.#content
    if (Array.isArray(content)) return content.length > SMALL ? this.#index().has(value) : content.includes(value)
    if (content instanceof Set) return content.has(value)
    return hasOlder(content as Older<T>, value)
  }

  [Symbol.iterator](): IterableIterator<T> {
    const content = this.#content
    if (Array.isArray(content) || content instanceof Set) return content.values()
    return iterateOlder(content as Older<T>)
  }

  /** For logs and inspection: an array. */
  toJSON(): unknown[] {
    return Array.from(this, value => (typeof value === 'bigint' ? `${value}` : value))
  }

  [inspect.custom](): unknown {
    return new Set(this)
  }

  /** The difference to another version or set, element by element; undefined if equal. */
  compare(next: SetValue<T>): Delta | undefined {
    if (next === this) return undefined
    const added = [...next].filter(value => !this.has(value))
    const removed = next.size - added.length === this.size ? none : [...this].filter(value => !next.has(value))
    return added.length + removed.length === 0 ? undefined : { added, changed: none, removed }
  }

  /** Applies the XOR difference of update2/update3: what is there goes, what is not comes. */
  patch(items: readonly T[]): { readonly value: SetValue<T>; readonly delta: Delta } {
    const added = items.filter(value => !this.has(value))
    const removed = added.length === items.length ? none : items.filter(value => this.has(value))
    return { value: this.#apply(added, removed), delta: { added, changed: none, removed } }
  }

  /** Another set with these elements more and less, which leaves this one the newest version. Costs what differs. */
  with(added: readonly T[], removed: readonly T[]): SetValue<T> {
    const more = added.filter(value => !this.has(value))
    const less = removed.filter(value => this.has(value))
    if (more.length + less.length === 0) return this
    const size = this.size + more.length - less.length
    const fork = new SetValue<T>(none)
    fork.#content = { size, newer: this, added: lookup(less), removed: more }
    return fork
  }

  #apply(added: readonly T[], removed: readonly T[]): SetValue<T> {
    if (this.size + added.length <= SMALL) {
      const kept = removed.length === 0 ? [...this] : [...this].filter(value => !removed.includes(value))
      return SetValue.of([...kept, ...added])
    }
    const store = this.#take()
    const next = new SetValue(store)
    this.#content = { size: store.size, newer: next, added: lookup(added), removed }
    for (const value of removed) store.delete(value)
    for (const value of added) store.add(value)
    return next
  }

  /** The Set of the newest version, made at the first need. */
  #index(): Set<T> {
    const index = new Set(this)
    this.#content = index
    return index
  }

  /** The Set to move on to a new version; an older version gets a copy, the newest is not its to change. */
  #take(): Set<T> {
    return this.#content instanceof Set ? this.#content : Array.isArray(this.#content) ? this.#index() : new Set(this)
  }
}

function hasOlder<T>(older: Older<T>, value: T): boolean {
  if (contains(older.added, value)) return false
  return older.removed.includes(value) || older.newer.has(value)
}

function* iterateOlder<T>(older: Older<T>): IterableIterator<T> {
  for (const value of older.newer) if (!contains(older.added, value)) yield value
  yield* older.removed
}
