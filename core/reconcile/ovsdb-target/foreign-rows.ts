import { getOrSet } from '../get-or-set.ts'
import { MultiMap } from '../multimap.ts'
import { membersIn } from './column-diff.ts'
import { elementKey, type RowWhere } from './desired.ts'
import type { Replica, RowChange } from './replica.ts'

/**
 * What must be noticed about rows that owners refer to without owning them: that a missing one appears, that an element
 * which somebody wants is lost, that a row is no longer found under its name. Everything is told as keys of desired objects.
 */
export class ForeignRows {
  readonly #replica: Replica
  /** Keys that wait for a row, by the row's `id`. */
  readonly #waiting = new MultiMap<string, string>()
  /** Rows that are waited for and have no known UUID, by table. */
  readonly #sought = new MultiMap<string, RowWhere>()
  /** Keys that wait for any change of a row. */
  readonly #watched = new MultiMap<string, string>()
  /** What rows were found under, apart from their UUID. */
  readonly #names = new MultiMap<string, RowWhere>()
  /** Columns in which owners have elements, by table. */
  readonly #columns = new Map<string, Set<string>>()

  constructor(replica: Replica) {
    this.#replica = replica
  }

  /** Owners have elements in this column. */
  note(where: RowWhere, column: string): void {
    getOrSet(this.#columns, where.table, () => new Set()).add(column)
  }

  /** The row that `where` finds. */
  find(where: RowWhere): string | undefined {
    const table = this.#replica.table(where.table)
    if (where.uuid !== undefined) return table.get(where.uuid) && where.uuid
    const uuid = where.index === undefined ? this.#only(where) : table.by(where.index, where.value ?? '')?._uuid
    if (uuid !== undefined) this.#names.add(uuid, where)
    return uuid
  }

  waitFor(where: RowWhere, key: string): void {
    this.#waiting.add(where.id, key)
    if (where.uuid === undefined) this.#sought.add(where.table, where)
  }

  /** The object is no longer wanted. */
  stopWaiting(where: RowWhere, key: string): void {
    this.#waiting.delete(where.id, key)
  }

  waitForChange(uuid: string, key: string): void {
    this.#watched.add(uuid, key)
  }

  /** Keys of the desired objects that a change of a row concerns. */
  *concernedBy(change: RowChange): Generator<string> {
    yield* this.#watched.take(change.uuid)
    if (change.old === undefined) yield* this.#waiting.take(change.uuid)
    if (this.#sought.has(change.table)) yield* this.#found(change.table)
    if (change.old !== undefined) yield* this.#lostElements(change)
  }

  *#found(table: string): Generator<string> {
    for (const where of [...this.#sought.get(table)]) {
      if (this.find(where) === undefined) continue
      this.#sought.delete(table, where)
      yield* this.#waiting.take(where.id)
    }
  }

  *#lostElements(change: RowChange): Generator<string> {
    const columns = this.#columns.get(change.table)
    if (!columns) return
    const names = [...this.#names.get(change.uuid)]
    for (const column of columns) {
      for (const member of change.lost(column)) {
        // A member may itself be a row of ours that its parent no longer holds.
        yield String(member)
        yield elementKey(change.uuid, column, member)
        for (const { id } of names) yield elementKey(id, column, member)
      }
    }
    for (const where of names) if (this.find(where) !== change.uuid) yield* this.#renamed(where, change, columns)
  }

  /** The row is no longer what `where` means: everything that was wanted in it is wanted elsewhere. */
  *#renamed(where: RowWhere, change: RowChange, columns: ReadonlySet<string>): Generator<string> {
    this.#names.delete(change.uuid, where)
    for (const column of columns) {
      for (const member of membersIn(change.row?.[column])) {
        yield String(member)
        yield elementKey(where.id, column, member)
      }
    }
  }

  #only(where: RowWhere): string | undefined {
    for (const row of this.#replica.table(where.table).rows()) return row._uuid
    return undefined
  }
}
