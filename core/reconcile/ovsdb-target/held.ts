import type { Held, OwnerKey } from '../target.ts'
import { hasMember, isMapLike, isSetLike, membersIn } from './column-diff.ts'
import { DesiredElement, DesiredRow, RowWhere } from './desired.ts'
import { MARK_COLUMN, type Ownership, ownerOf } from './ownership.ts'
import type { Reference, Replica, ReplicaRow } from './replica.ts'

/** Rows of a table without `external_ids` that are ours. */
export interface UnmarkedRows {
  readonly table: string
  /** Those that have a UUID of ours. */
  readonly uuids?: readonly string[]
  /** Those that have one of these names, whatever their UUIDs; see `Ownership.byMarkAlone`. */
  readonly names: readonly string[]
  /** A set of references. Where others choose names as well, a name is ours only if this column has members, and all of them are rows of ours. */
  readonly members?: string
}

export interface HeldOptions {
  /** The target's name. */
  readonly name: string
  readonly replica: Replica
  readonly ownership: Ownership
  readonly contributed: readonly Reference[]
  readonly placed: readonly Reference[]
  readonly unmarked: readonly UnmarkedRows[]
  readonly recalled: readonly Held[]
}

/** What a database holds of ours, by marks, names and values; the options are explained in `OvsdbTargetOptions`. */
export class HeldObjects {
  readonly #options: HeldOptions
  readonly #unmarked: ReadonlyMap<string, UnmarkedRows>

  constructor(options: HeldOptions) {
    this.#options = options
    this.#unmarked = new Map(options.unmarked.map(one => [one.table, one]))
  }

  /** First what refers to rows of ours: by it some are recognised, and they may go while the walk is under way. */
  *all(): Generator<Held> {
    const { replica, contributed, placed } = this.#options
    for (const { table } of this.#unmarked.values()) yield* this.#unmarkedRows(table)
    for (const reference of placed) yield* this.#placedIn(reference)
    for (const reference of contributed) yield* this.#contributedTo(reference)
    for (const table of replica.tables()) yield* this.#rows(table)
    yield* this.#recalled()
  }

  /** Some tables have no external_ids: rows in them are recognised by their UUID or name alone. */
  isMarked(table: string): boolean {
    return this.#options.replica.table(table).has(MARK_COLUMN)
  }

  owner(row: ReplicaRow | undefined): OwnerKey | undefined {
    return ownerOf(this.#options.ownership, row)
  }

  *#rows(table: string): Generator<Held> {
    if (!this.isMarked(table)) return
    for (const [owner, row] of this.#ours(table)) yield { owner, object: this.#row(table, row) }
  }

  *#unmarkedRows(table: string): Generator<Held> {
    for (const row of this.#options.replica.table(table).rows())
      if (this.#isOurs(table, row)) yield { owner: undefined, object: this.#row(table, row) }
  }

  *#contributedTo({ table, column }: Reference): Generator<Held> {
    for (const [, row] of this.#ours(table)) {
      const members = row[column]
      const where = new RowWhere(table, row._uuid)
      // Of a map's entry the key says which it is.
      const keyed = isMapLike(members)
      for (const member of membersIn(members)) {
        const spec = { column, value: member, ...(keyed && { key: String(member) }) }
        yield { owner: undefined, object: new DesiredElement(this.#options.name, where, spec) }
      }
    }
  }

  *#placedIn({ table, column }: Reference): Generator<Held> {
    const { replica, name } = this.#options
    const refTable = replica.referring(table).get(column)
    if (refTable === undefined) return
    for (const row of replica.table(table).rows()) {
      if (this.owner(row) !== undefined) continue
      const where = new RowWhere(table, undefined, 'byName', nameOf(row))
      for (const member of membersIn(row[column])) {
        if (!this.#isOurs(refTable, replica.table(refTable).get(String(member)))) continue
        yield { owner: undefined, object: new DesiredElement(name, where, { column, value: member }) }
      }
    }
  }

  /** Those that are still there. */
  *#recalled(): Generator<Held> {
    const { replica, recalled } = this.#options
    for (const held of recalled) {
      const { object } = held
      if (!(object instanceof DesiredElement)) continue
      const { table, uuid, index, value } = object.row
      const rows = replica.table(table)
      const row = uuid === undefined ? rows.by(index ?? '', value ?? '') : rows.get(uuid)
      if (hasMember(row?.[object.column], object)) yield held
    }
  }

  *#ours(table: string): Generator<[OwnerKey, ReplicaRow]> {
    for (const row of this.#options.replica.table(table).rows()) {
      const owner = this.owner(row)
      if (owner !== undefined) yield [owner, row]
    }
  }

  #isOurs(table: string, row: ReplicaRow | undefined): boolean {
    if (row === undefined) return false
    if (this.isMarked(table)) return this.owner(row) !== undefined
    const { uuids = [], names = [], members } = this.#unmarked.get(table) ?? {}
    if (uuids.includes(row._uuid)) return true
    return names.includes(nameOf(row)) && (members === undefined || this.#holdsOnlyOurs(table, row, members))
  }

  #holdsOnlyOurs(table: string, row: ReplicaRow, column: string): boolean {
    const { replica } = this.#options
    const refTable = replica.referring(table).get(column)
    const members = row[column]
    if (refTable === undefined || !isSetLike(members) || members.size === 0) return false
    return [...members].every(member => this.#isOurs(refTable, replica.table(refTable).get(String(member))))
  }

  #row(table: string, row: ReplicaRow): DesiredRow {
    return new DesiredRow(this.#options.name, row._uuid, { table, key: nameOf(row), columns: {} }, undefined)
  }
}

const nameOf = (row: ReplicaRow): string => (typeof row.name === 'string' ? row.name : row._uuid)
