import type { Held, OwnerKey, Target, TargetBatch, TargetLimits, TargetSink } from '../target.ts'
import { isMapLike, membersIn } from './column-diff.ts'
import { DesiredElement, DesiredRow, RowWhere } from './desired.ts'
import { ForeignRows } from './foreign-rows.ts'
import { OvsdbBatch } from './ovsdb-batch.ts'
import { MARK_COLUMN, type Ownership, ownerOf } from './ownership.ts'
import type { Reference, Replica, ReplicaRow, RowChange } from './replica.ts'

export interface OvsdbTargetOptions {
  readonly name: string
  readonly replica: Replica
  readonly ownership: Ownership
  /**
   * Sets and maps in rows of ours that are nothing but the elements that owners contribute (the ports of a port group):
   * what no owner wants is removed from them, also after a restart. Such a column is not rendered with its row, and its elements
   * name the row by `key`.
   */
  readonly contributed?: readonly Reference[]
  /** Rows of tables without `external_ids` that are ours by their names, whatever their UUIDs; see `Ownership.byMarkAlone`. */
  readonly named?: readonly { readonly table: string; readonly names: readonly string[] }[]
  readonly limits?: Partial<TargetLimits>
}

/** One transaction on its way, the next one gathers; so many owners in one that it takes some milliseconds to encode. */
const LIMITS: TargetLimits = { inFlight: 1, owners: 500 }

/**
 * Rows and elements of an OVSDB database.
 *
 * - A row of ours has a UUID made of its key, and names its owner in `external_ids`. Only rendered columns are compared:
 *   scalars as a whole, sets and maps by element.
 * - In rows of others, elements are added and removed, and nothing else is touched.
 * - The owners of a batch are one transaction. A lost answer is no problem: UUIDs are our own, so that comparing with the
 *   replica and sending again can do no harm.
 */
export class OvsdbTarget implements Target {
  readonly name: string
  readonly limits: TargetLimits
  readonly #replica: Replica
  readonly #ownership: Ownership
  readonly #contributed: readonly Reference[]
  readonly #named: NonNullable<OvsdbTargetOptions['named']>
  readonly #foreign: ForeignRows

  constructor(options: OvsdbTargetOptions) {
    this.name = options.name
    this.limits = { ...LIMITS, ...options.limits }
    this.#replica = options.replica
    this.#ownership = options.ownership
    this.#contributed = options.contributed ?? []
    this.#named = options.named ?? []
    this.#foreign = new ForeignRows(options.replica)
  }

  get ready(): boolean {
    return this.#replica.ready
  }

  attach(sink: TargetSink): Disposable {
    return this.#replica.subscribe({
      changed: change => this.#changed(change, sink),
      ready: () => sink.ready(),
      resync: () => sink.resync(),
    })
  }

  begin(): TargetBatch {
    return new OvsdbBatch({ replica: this.#replica, ownership: this.#ownership, foreign: this.#foreign })
  }

  *held(): Generator<Held> {
    for (const table of this.#replica.tables()) yield* this.#heldRows(table)
    for (const { table, column } of this.#contributed) yield* this.#heldElements(table, column)
    for (const { table, names } of this.#named) yield* this.#heldByName(table, names)
  }

  holder(key: string): OwnerKey | undefined {
    for (const table of this.#replica.tables()) {
      const row = this.#replica.table(table).get(key)
      if (row) return this.#isMarked(table) ? this.#owner(row) : undefined
    }
    return undefined
  }

  /** Also told of what the target itself did: comparing once more afterwards is cheaper than telling echoes from drift. */
  #changed(change: RowChange, sink: TargetSink): void {
    if (this.#isMarked(change.table) && (this.#owner(change.row) ?? this.#owner(change.old))) sink.changed(change.uuid)
    for (const key of this.#foreign.concernedBy(change)) sink.changed(key)
  }

  *#heldRows(table: string): Generator<Held> {
    if (!this.#isMarked(table)) return
    for (const [owner, row] of this.#ours(table)) {
      const spec = { table, key: nameOf(row), columns: {} }
      yield { owner, object: new DesiredRow(this.name, row._uuid, spec, undefined) }
    }
  }

  *#heldByName(table: string, names: readonly string[]): Generator<Held> {
    for (const row of this.#replica.table(table).rows()) {
      if (!names.includes(nameOf(row))) continue
      const spec = { table, key: nameOf(row), columns: {} }
      yield { owner: undefined, object: new DesiredRow(this.name, row._uuid, spec, undefined) }
    }
  }

  *#heldElements(table: string, column: string): Generator<Held> {
    for (const [, row] of this.#ours(table)) {
      const members = row[column]
      const where = new RowWhere(table, row._uuid)
      // Of a map's entry the key says which it is.
      const keyed = isMapLike(members)
      for (const member of membersIn(members)) {
        const spec = { column, value: member, ...(keyed && { key: String(member) }) }
        yield { owner: undefined, object: new DesiredElement(this.name, where, spec) }
      }
    }
  }

  *#ours(table: string): Generator<[OwnerKey, ReplicaRow]> {
    for (const row of this.#replica.table(table).rows()) {
      const owner = this.#owner(row)
      if (owner !== undefined) yield [owner, row]
    }
  }

  /** Some tables have no external_ids: rows in them are recognised by their UUID alone, and not swept after a restart. */
  #isMarked(table: string): boolean {
    return this.#replica.table(table).has(MARK_COLUMN)
  }

  #owner(row: ReplicaRow | undefined): OwnerKey | undefined {
    return ownerOf(this.#ownership, row)
  }
}

const nameOf = (row: ReplicaRow): string => (typeof row.name === 'string' ? row.name : row._uuid)
