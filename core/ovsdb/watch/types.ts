import type { AnyTables, TableName } from '../schema/types.ts'

/** What was added to and removed from one set column, or set and deleted in one map column. */
export interface ColumnDelta {
  /** Set elements, or map keys, that are new. */
  readonly added: readonly unknown[]
  /** Map keys that have another value. */
  readonly changed: readonly unknown[]
  /** Set elements, or map keys, that are gone. */
  readonly removed: readonly unknown[]
}

/** A row that changed. Rows are immutable: `old` is the row as it was, in all its columns. */
export interface RowUpdate<Row> {
  readonly row: Row
  readonly old: Row
  /** Names of the columns that differ. */
  readonly columns: ReadonlySet<string>
  /** Deltas of set and map columns that differ, so that nobody needs to compare ten thousand elements. */
  readonly deltas: ReadonlyMap<string, ColumnDelta>
}

/** Changes of one table. */
export interface TableChanges<Row> {
  readonly inserted: readonly Row[]
  readonly deleted: readonly Row[]
  readonly updated: readonly RowUpdate<Row>[]
}

/** One consistent step of the database as far as it is monitored; never empty. */
export interface Batch<T extends AnyTables = AnyTables> {
  /** The step is the difference to the state held before a reconnect, not what one server message said. */
  readonly resync: boolean
  readonly tables: ReadonlyMap<TableName<T>, TableChanges<object>>
  /** The changes of one table, typed; undefined if it has none. */
  table<N extends TableName<T>>(name: N): TableChanges<T[N]['row']> | undefined
}

/** Which tables a watcher hears of; with columns, updates only if one of them changed (inserts and deletes always). */
export type WatchFilter<T extends AnyTables> =
  | readonly TableName<T>[]
  | { readonly [N in TableName<T>]?: true | readonly (keyof T[N]['row'] & string)[] }
