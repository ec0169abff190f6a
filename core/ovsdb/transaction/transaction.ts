import type { AnyTables, TableName } from '../schema/types.ts'
import type { Uuid } from '../schema/values.ts'
import type { Operation, TypedOperations } from './operations.ts'

/**
 * A transaction under construction. Reads show the replica with what was done here so far; nothing is sent until the
 * callback returns. Writes that change nothing are left out; if none remains the outcome is `unchanged`.
 */
export interface Transaction<T extends AnyTables> {
  get<N extends TableName<T>>(table: N, uuid: string): T[N]['row'] | undefined
  by<N extends TableName<T>>(table: N, index: string, ...key: readonly unknown[]): T[N]['row'] | undefined
  all<N extends TableName<T>>(table: N, index: string, ...key: readonly unknown[]): readonly T[N]['row'][]
  rows<N extends TableName<T>>(table: N): Iterable<T[N]['row']>
  /** Adds a row and returns its UUID, which is final. */
  insert<N extends TableName<T>>(table: N, row: T[N]['insert'], uuid?: Uuid<N>): Uuid<N>
  update<N extends TableName<T>>(table: N, uuid: Uuid<N>, row: T[N]['update']): void
  remove<N extends TableName<T>>(table: N, uuid: Uuid<N>): void
  /** Updates the row found by the index, or inserts it. Guarded: a row that appears meanwhile is a conflict. */
  upsert<N extends TableName<T>>(
    table: N,
    at: { readonly index: string; readonly key: readonly unknown[] },
    row: T[N]['insert'],
  ): Uuid<N>
  ensureInSet: ElementWriter<T, 'addToSet'>
  removeFromSet: ElementWriter<T, 'removeFromSet'>
  setMapKeys: ElementWriter<T, 'setKeys'>
  deleteMapKeys: ElementWriter<T, 'deleteKeys'>
  /** Deletes the row if it is there; rows of non-root tables by dropping the references to it. */
  ensureDeleted<N extends TableName<T>>(table: N, uuid: Uuid<N>): void
  /** Commits only if these columns are still as read (all columns if none is named). */
  verify<N extends TableName<T>>(table: N, uuid: Uuid<N>, ...columns: readonly (keyof T[N]['row'] & string)[]): void
  comment(text: string): void
  /** Any operation value. It is sent as it is; reads here do not show insert, update and so on made that way less. */
  add(...operations: readonly Operation[]): void
  /** Ends the transaction without sending anything: outcome `aborted`. */
  abort(): never
}

type ElementWriter<
  T extends AnyTables,
  Builder extends keyof TypedOperations<T>,
> = TypedOperations<T>[Builder] extends (...args: infer Args) => unknown ? (...args: Args) => void : never
