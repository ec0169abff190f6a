import { mapPairs } from '../codec/column.ts'
import { MapValue } from '../codec/map-value.ts'
import type { RowObject } from '../codec/row-class.ts'
import { SetValue } from '../codec/set-value.ts'
import type { Replica } from '../replica/replica.ts'
import type { Uuid } from '../schema/values.ts'
import * as ops from './operations.ts'
import { Overlay } from './overlay.ts'
import { observeReads, type ReadColumns } from './reads.ts'
import { type Referrer, referrers } from './referrers.ts'
import { randomUuid } from './uuid.ts'

/** Thrown by `abort()`; ends the callback. */
export class Aborted extends Error {
  override readonly name = 'Aborted'
}

/** Builds the operations of one run of a transaction callback; see Transaction for what each function means. */
export class TransactionBuilder {
  readonly #replica: Replica
  readonly #overlay: Overlay
  readonly #operations: ops.Operation[] = []
  /** Rows of the replica as they were when first read: what guards compare with, whatever came in since. */
  readonly #seen = new Map<string, RowObject>()
  /** Columns read of rows, if reads are to be guarded. */
  readonly #reads: ReadColumns | undefined

  constructor(replica: Replica, verify: boolean) {
    this.#replica = replica
    this.#overlay = new Overlay(replica)
    this.#reads = verify ? new Map() : undefined
  }

  /** What is to be sent: guards first, so that nothing is done for nothing. Only guards and comments are nothing. */
  finish(): readonly ops.Operation[] {
    const writes = this.#operations.some(({ op }) => op !== 'wait' && op !== 'absent' && op !== 'comment')
    if (!writes) return []
    for (const [row, { table, columns }] of this.#reads ?? []) this.verify(table, row, ...columns)
    const isGuard = ({ op }: ops.Operation): boolean => op === 'wait' || op === 'absent'
    return [...this.#operations.filter(isGuard), ...this.#operations.filter(operation => !isGuard(operation))]
  }

  get(table: string, uuid: string): RowObject | undefined {
    const row = this.#overlay.get(table, uuid)
    return row && this.#observed(table, row)
  }

  by(table: string, index: string, ...key: readonly unknown[]): RowObject | undefined {
    return this.all(table, index, ...key)[0]
  }

  all(table: string, index: string, ...key: readonly unknown[]): readonly RowObject[] {
    return this.#overlay.all(table, index, key).map(row => this.#observed(table, row))
  }

  *rows(table: string): Generator<RowObject> {
    for (const row of this.#overlay.rows(table)) yield this.#observed(table, row)
  }

  #observed(table: string, row: RowObject): RowObject {
    this.#see(table, row._uuid)
    return this.#reads ? observeReads(this.#reads, table, row) : row
  }

  #see(table: string, uuid: string): RowObject | undefined {
    const seen = this.#seen.get(uuid) ?? this.#replica.tables.get(table)?.get(uuid)
    if (seen) this.#seen.set(uuid, seen)
    return seen
  }

  insert(table: string, row: ops.ColumnValues, uuid: string = randomUuid()): Uuid {
    if (this.#overlay.get(table, uuid)) throw new Error(`${table} has a row ${uuid} already`)
    this.#overlay.insert(table, uuid, row)
    this.#operations.push(ops.insert(table, uuid, row))
    return uuid as Uuid
  }

  update(table: string, uuid: string, values: ops.ColumnValues): void {
    const row = this.#row(table, uuid)
    this.#overlay.update(table, row, values)
    const codec = this.#overlay.codec(table)
    const changed = codec.compare(row, this.#row(table, uuid))?.columns
    const differs = ([column, value]: [string, unknown]): boolean =>
      value !== undefined && (!codec.has(column) || changed?.has(column) === true)
    const entries = Object.entries(values).filter(differs)
    if (entries.length > 0) this.#operations.push(ops.update(table, uuid, Object.fromEntries(entries)))
    else this.#overlay.set(table, uuid, row)
  }

  upsert(
    table: string,
    at: { readonly index: string; readonly key: readonly unknown[] },
    row: ops.ColumnValues,
    uuid?: string,
  ): Uuid {
    const [found] = this.#overlay.all(table, at.index, at.key)
    if (!found) {
      this.#operations.push(ops.absent(table, this.#indexed(table, at)))
      return this.insert(table, row, uuid)
    }
    this.update(table, found._uuid, row)
    return found._uuid as Uuid
  }

  /** The column values that a key stands for. */
  #indexed(
    table: string,
    { index, key }: { readonly index: string; readonly key: readonly unknown[] },
  ): ops.ColumnValues {
    const parts = this.#replica.options[table]?.indexes?.[index] ?? []
    const values = parts.map((part, i) => {
      if (typeof part === 'string') return [part, key[i]]
      return 'element' in part ? [part.element, [key[i]]] : [part.column, [[part.key, key[i]]]]
    })
    return Object.fromEntries(values)
  }

  ensureInSet(table: string, uuid: string, column: string, values: Iterable<unknown>): void {
    const present = this.#row(table, uuid)[column]
    const missing = [...values].filter(value => !(present instanceof SetValue && present.has(value)))
    if (missing.length > 0) this.#mutate(table, uuid, ops.addToSet(column, ...missing))
  }

  removeFromSet(table: string, uuid: string, column: string, values: Iterable<unknown>): void {
    const present = this.#row(table, uuid)[column]
    const there = [...values].filter(value => present instanceof SetValue && present.has(value))
    if (there.length > 0) this.#mutate(table, uuid, ops.removeFromSet(column, ...there))
  }

  setMapKeys(table: string, uuid: string, column: string, entries: object): void {
    const present = this.#row(table, uuid)[column]
    const other = [...mapPairs(entries)].filter(
      ([key, value]) => !(present instanceof MapValue && present.get(key) === value),
    )
    if (other.length > 0) this.#mutate(table, uuid, { kind: 'setKeys', column, entries: other as [string, unknown][] })
  }

  deleteMapKeys(table: string, uuid: string, column: string, keys: Iterable<unknown>): void {
    const present = this.#row(table, uuid)[column]
    const there = [...keys].filter(key => present instanceof MapValue && present.has(key))
    if (there.length > 0) this.#mutate(table, uuid, ops.deleteKeys(column, ...there))
  }

  #mutate(table: string, uuid: string, mutation: ops.Mutation): void {
    this.#overlay.mutate(table, this.#row(table, uuid), mutation)
    this.#operations.push(ops.mutate(table, uuid, [mutation]))
  }

  ensureDeleted(table: string, uuid: string): void {
    if (!this.#overlay.get(table, uuid)) return
    const root = this.#replica.server?.tables[table]?.isRoot !== false
    for (const referrer of [...referrers(this.#replica, this.#overlay, table, uuid)]) this.#unrefer(referrer, uuid)
    if (root) this.#operations.push(ops.remove(table, uuid))
    this.#overlay.set(table, uuid, undefined)
  }

  #unrefer({ table, column, row }: Referrer, uuid: string): void {
    const value = row[column]
    if (value instanceof SetValue) this.removeFromSet(table, row._uuid, column, [uuid])
    else if (value instanceof MapValue) {
      const keys = [...value].filter(([, target]) => target === uuid).map(([key]) => key)
      this.deleteMapKeys(table, row._uuid, column, keys)
    } else this.update(table, row._uuid, { [column]: null })
  }

  verify(table: string, uuid: string, ...columns: readonly string[]): void {
    const row = this.#see(table, uuid)
    if (!row) return
    const codecs = this.#overlay.codec(table).columns
    // Servers print reals with 15 digits: a value read may not equal the one stored.
    const names = (columns.length > 0 ? columns : [...codecs.keys()]).filter(
      name => codecs.has(name) && codecs.get(name)?.schema.key.type !== 'real',
    )
    const values = names.map(name => [name, row[name] ?? null])
    if (names.length > 0) this.#operations.push(ops.wait(table, uuid, Object.fromEntries(values)))
  }

  comment(text: string): void {
    this.#operations.push(ops.comment(text))
  }

  add(...operations: readonly ops.Operation[]): void {
    this.#operations.push(...operations)
  }

  abort(): never {
    throw new Aborted('the transaction was aborted by its callback')
  }

  #row(table: string, uuid: string): RowObject {
    this.#see(table, uuid)
    const row = this.#overlay.get(table, uuid)
    if (row) return row
    throw new Error(`${table} has no row ${uuid}`)
  }
}
