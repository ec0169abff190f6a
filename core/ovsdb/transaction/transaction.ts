import type { AnyTables, TableName } from '../schema/types.ts'
import type { Uuid } from '../schema/values.ts'
import type { ElementOf, KeyOf, MapColumns, MapInputOf, Operation, SetColumns } from './operations.ts'

type Row<T extends AnyTables, N extends TableName<T>> = T[N]['row']

/**
 * A transaction under construction. Reads show the replica with what was done here so far; nothing is sent until the
 * callback returns. Writes that change nothing are left out; if none remains the outcome is `unchanged`. The tables used
 * must be held by the database.
 */
export interface Transaction<T extends AnyTables> {
  get<N extends TableName<T>>(table: N, uuid: string): Row<T, N> | undefined
  by<N extends TableName<T>>(table: N, index: string, ...key: readonly unknown[]): Row<T, N> | undefined
  all<N extends TableName<T>>(table: N, index: string, ...key: readonly unknown[]): readonly Row<T, N>[]
  rows<N extends TableName<T>>(table: N): Iterable<Row<T, N>>
  /** Adds a row and returns its UUID, which is final. */
  insert<N extends TableName<T>>(table: N, row: T[N]['insert'], uuid?: Uuid<NoInfer<N>>): Uuid<N>
  /** Throws if the row is not there; so do the functions below except ensureDeleted. */
  update<N extends TableName<T>>(table: N, uuid: Uuid<NoInfer<N>>, row: T[N]['update']): void
  /**
   * Updates the row found by the index, or inserts it (with `uuid`, or a random one). Guarded: a row that appears
   * meanwhile with the same values in the indexed columns is a conflict.
   */
  upsert<N extends TableName<T>>(
    table: N,
    at: { readonly index: string; readonly key: readonly unknown[] },
    row: T[N]['insert'],
    uuid?: Uuid<NoInfer<N>>,
  ): Uuid<N>
  ensureInSet<N extends TableName<T>, C extends SetColumns<Row<T, N>>>(
    table: N,
    uuid: Uuid<NoInfer<N>>,
    column: C,
    values: Iterable<ElementOf<Row<T, N>[C]>>,
  ): void
  removeFromSet<N extends TableName<T>, C extends SetColumns<Row<T, N>>>(
    table: N,
    uuid: Uuid<NoInfer<N>>,
    column: C,
    values: Iterable<ElementOf<Row<T, N>[C]>>,
  ): void
  setMapKeys<N extends TableName<T>, C extends MapColumns<Row<T, N>>>(
    table: N,
    uuid: Uuid<NoInfer<N>>,
    column: C,
    entries: MapInputOf<Row<T, N>[C]>,
  ): void
  deleteMapKeys<N extends TableName<T>, C extends MapColumns<Row<T, N>>>(
    table: N,
    uuid: Uuid<NoInfer<N>>,
    column: C,
    keys: Iterable<KeyOf<Row<T, N>[C]>>,
  ): void
  /** Deletes the row if it is there; a row of a non-root table by dropping the references to it, as OVSDB wants it. */
  ensureDeleted<N extends TableName<T>>(table: N, uuid: Uuid<NoInfer<N>>): void
  /** Commits only if these columns are still as they were read (all columns held if none is named). */
  verify<N extends TableName<T>>(
    table: N,
    uuid: Uuid<NoInfer<N>>,
    ...columns: readonly (keyof Row<T, N> & string)[]
  ): void
  comment(text: string): void
  /** Any operation value; it is sent as it is, and reads here don't show what it does. */
  add(...operations: readonly Operation[]): void
  /** Ends the transaction without sending anything: outcome `aborted`. */
  abort(): never
}
