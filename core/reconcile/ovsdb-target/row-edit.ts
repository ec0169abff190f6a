import type { Mutation, Operation } from '@ovnkit/ovsdb'
import { getOrSet } from '../get-or-set.ts'
import type { OwnerKey } from '../target.ts'
import type { ColumnChange } from './column-diff.ts'
import type { Atom, ColumnValue } from './desired.ts'

interface Members {
  readonly add: Set<Atom>
  readonly remove: Set<Atom>
}

interface Pairs {
  readonly put: Map<Atom, Atom>
  readonly drop: Set<Atom>
}

/**
 * All that one batch does to one row, of however many owners: a thousand ports that join a switch are one mutation with a
 * thousand elements, which costs the server (and everybody who watches it) far less than a thousand mutations.
 */
export class RowEdit {
  readonly table: string
  readonly uuid: string
  /** The owner whose edit it is; undefined when it serves several. */
  owner: OwnerKey | undefined
  inserted: Readonly<Record<string, ColumnValue>> | undefined
  deleted = false
  #replaced: Record<string, Atom | readonly Atom[] | null> | undefined
  #members: Map<string, Members> | undefined
  #pairs: Map<string, Pairs> | undefined

  constructor(table: string, uuid: string, owner: OwnerKey) {
    this.table = table
    this.uuid = uuid
    this.owner = owner
  }

  change(column: string, change: ColumnChange): void {
    if (change.kind === 'replace') {
      this.#replaced ??= {}
      this.#replaced[column] = change.value
    } else if (change.kind === 'members') {
      for (const member of change.add) this.add(column, member)
      for (const member of change.remove) this.remove(column, member)
    } else {
      for (const [key, value] of change.set) this.put(column, key, value)
      for (const key of change.remove) this.drop(column, key)
    }
  }

  add(column: string, member: Atom): void {
    const members = this.#membersOf(column)
    members.add.add(member)
    members.remove.delete(member)
  }

  /** What another owner of the batch adds stays. */
  remove(column: string, member: Atom): void {
    const members = this.#membersOf(column)
    if (!members.add.has(member)) members.remove.add(member)
  }

  put(column: string, key: Atom, value: Atom): void {
    const pairs = this.#pairsOf(column)
    pairs.put.set(key, value)
    pairs.drop.delete(key)
  }

  drop(column: string, key: Atom): void {
    const pairs = this.#pairsOf(column)
    if (!pairs.put.has(key)) pairs.drop.add(key)
  }

  /** The operations on an existing row, or after its insertion; not the insertion itself. */
  *changes(): Generator<Operation> {
    const { table, uuid } = this
    if (this.deleted) return
    if (this.#replaced) yield { op: 'update', table, uuid, row: this.#replaced }
    const mutations = [...this.#mutations()]
    if (mutations.length > 0) yield { op: 'mutate', table, uuid, mutations }
  }

  *#mutations(): Generator<Mutation> {
    for (const [column, { add, remove }] of this.#members ?? []) {
      // Removals first: in a set with a maximum size an addition could not fit before.
      if (remove.size > 0) yield { kind: 'removeFromSet', column, values: remove }
      if (add.size > 0) yield { kind: 'addToSet', column, values: add }
    }
    for (const [column, { put, drop }] of this.#pairs ?? []) {
      if (drop.size > 0) yield { kind: 'deleteKeys', column, keys: drop }
      if (put.size > 0) yield { kind: 'setKeys', column, entries: put }
    }
  }

  #membersOf(column: string): Members {
    this.#members ??= new Map()
    return getOrSet(this.#members, column, () => ({ add: new Set(), remove: new Set() }))
  }

  #pairsOf(column: string): Pairs {
    this.#pairs ??= new Map()
    return getOrSet(this.#pairs, column, () => ({ put: new Map(), drop: new Set() }))
  }
}
