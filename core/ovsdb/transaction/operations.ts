import type { AnyTables, DatabaseSchema, TableName } from '../schema/types.ts'
import type { Atom, MapInput, OvsMap, OvsSet, Uuid } from '../schema/values.ts'

/**
 * Operations as values: plain data with column values in program form (see values.ts), encoded when they are sent.
 * They compose freely: build them anywhere, join the arrays, hand them to `transact`.
 */

/** Column values by name (iterables in them are read more than once: no generators); the wire form is made from the schema. `undefined` = untouched, `null` = cleared. */
export type ColumnValues = object

export interface InsertOperation {
  readonly op: 'insert'
  readonly table: string
  /** The new row's UUID, chosen by us (OVS 2.13): a repeated insert fails instead of making a second row. */
  readonly uuid: string
  readonly row: ColumnValues
}
export interface UpdateOperation {
  readonly op: 'update'
  readonly table: string
  readonly uuid: string
  readonly row: ColumnValues
}
/** Changes to sets and maps by element, and arithmetic on integers. */
export type Mutation =
  | { readonly kind: 'addToSet'; readonly column: string; readonly values: Iterable<unknown> }
  | { readonly kind: 'removeFromSet'; readonly column: string; readonly values: Iterable<unknown> }
  | {
      readonly kind: 'setKeys'
      readonly column: string
      readonly entries: MapInput<Atom, unknown> | MapInput<string, unknown>
    }
  | { readonly kind: 'deleteKeys'; readonly column: string; readonly keys: Iterable<unknown> }
  | { readonly kind: 'increment'; readonly column: string; readonly by: number | bigint }
export interface MutateOperation {
  readonly op: 'mutate'
  readonly table: string
  readonly uuid: string
  readonly mutations: readonly Mutation[]
}
export interface DeleteOperation {
  readonly op: 'delete'
  readonly table: string
  readonly uuid: string
}
/** A guard: the transaction ends with `conflict` unless the row's columns are (`==`) or are not (`!=`) as given. */
export interface WaitOperation {
  readonly op: 'wait'
  readonly table: string
  readonly uuid: string
  readonly row: ColumnValues
  readonly until: '==' | '!='
  /** Milliseconds; 0 tests at once. */
  readonly timeout: number
}
/** A guard: no row of the table has these column values; sets and maps of it need only contain what is given. */
export interface AbsentOperation {
  readonly op: 'absent'
  readonly table: string
  readonly row: ColumnValues
}
export interface SelectOperation {
  readonly op: 'select'
  readonly table: string
  readonly uuid: string | undefined
  readonly columns: readonly string[]
}
export interface CommentOperation {
  readonly op: 'comment'
  readonly comment: string
}
export interface AssertOperation {
  readonly op: 'assert'
  readonly lock: string
}
export interface AbortOperation {
  readonly op: 'abort'
}
export type Operation =
  | InsertOperation
  | UpdateOperation
  | MutateOperation
  | DeleteOperation
  | WaitOperation
  | AbsentOperation
  | SelectOperation
  | CommentOperation
  | AssertOperation
  | AbortOperation

/** A new row with a UUID of our choice (`randomUuid`, `uuidFor`). */
export const insert = (table: string, uuid: string, row: ColumnValues): InsertOperation => ({
  op: 'insert',
  table,
  uuid,
  row,
})
/** Replaces whole columns of a row. */
export const update = (table: string, uuid: string, row: ColumnValues): UpdateOperation => ({
  op: 'update',
  table,
  uuid,
  row,
})
/** Changes sets, maps and counters of a row by element. */
export const mutate = (table: string, uuid: string, mutations: readonly Mutation[]): MutateOperation => ({
  op: 'mutate',
  table,
  uuid,
  mutations,
})
/** Deletes a row; a missing one is no error. Rows of non-root tables go with their last reference instead. */
export const remove = (table: string, uuid: string): DeleteOperation => ({ op: 'delete', table, uuid })
/** The optimistic lock: goes on only if the columns are (not) as given. */
export const wait = (
  table: string,
  uuid: string,
  row: ColumnValues,
  until: '==' | '!=' = '==',
  timeout = 0,
): WaitOperation => ({
  op: 'wait',
  table,
  uuid,
  row,
  until,
  timeout,
})
/** Goes on only if no row has these column values: the guard of an insert into a table without an index. */
export const absent = (table: string, row: ColumnValues): AbsentOperation => ({ op: 'absent', table, row })
/** Reads columns at the server; without uuid, of all rows. */
export const select = (table: string, columns: readonly string[], uuid?: string): SelectOperation => ({
  op: 'select',
  table,
  uuid,
  columns,
})
/** Goes to the server's log. */
export const comment = (text: string): CommentOperation => ({ op: 'comment', comment: text })
/** Goes on only if this session owns the lock. */
export const assertLock = (lock: string): AssertOperation => ({ op: 'assert', lock })
/** Makes the transaction a dry run: everything is checked but commit-time constraints, nothing is kept. */
export const abort = (): AbortOperation => ({ op: 'abort' })

/** Adds elements to a set; those present already are no error. */
export const addToSet = (column: string, ...values: readonly unknown[]): Mutation => ({
  kind: 'addToSet',
  column,
  values,
})
/** Removes elements from a set; missing ones are no error. */
export const removeFromSet = (column: string, ...values: readonly unknown[]): Mutation => ({
  kind: 'removeFromSet',
  column,
  values,
})
/** Sets map keys, replacing their values; other keys are untouched. */
export const setKeys = (column: string, entries: MapInput<Atom, unknown> | MapInput<string, unknown>): Mutation => ({
  kind: 'setKeys',
  column,
  entries,
})
/** Deletes map keys whatever their values; missing ones are no error. */
export const deleteKeys = (column: string, ...keys: readonly unknown[]): Mutation => ({
  kind: 'deleteKeys',
  column,
  keys,
})
/** Adds to an integer. */
export const increment = (column: string, by: number | bigint = 1): Mutation => ({ kind: 'increment', column, by })

type Row<T extends AnyTables, N extends TableName<T>> = T[N]['row']
type ColumnsOf<R, Shape> = { [C in keyof R]: R[C] extends Shape ? C : never }[keyof R] & string
export type ElementOf<V> = V extends OvsSet<infer E> ? E : never
export type KeyOf<V> = V extends OvsMap<infer K, infer _> ? K : never
export type MapInputOf<V> = V extends OvsMap<infer K, infer E> ? (K extends Atom ? MapInput<K, E> : never) : never
export type SetColumns<R> = Exclude<ColumnsOf<R, OvsSet<unknown>>, ColumnsOf<R, OvsMap<unknown, unknown>>>
export type MapColumns<R> = ColumnsOf<R, OvsMap<unknown, unknown>>

/** The same builders, checked against a schema: `const nb = operations(OVN_Northbound)`. */
export interface TypedOperations<T extends AnyTables> {
  insert<N extends TableName<T>>(table: N, uuid: Uuid<NoInfer<N>>, row: T[N]['insert']): InsertOperation
  update<N extends TableName<T>>(table: N, uuid: Uuid<NoInfer<N>>, row: T[N]['update']): UpdateOperation
  remove<N extends TableName<T>>(table: N, uuid: Uuid<NoInfer<N>>): DeleteOperation
  wait<N extends TableName<T>>(
    table: N,
    uuid: Uuid<NoInfer<N>>,
    row: T[N]['update'],
    until?: '==' | '!=',
  ): WaitOperation
  absent<N extends TableName<T>>(table: N, row: T[N]['update']): AbsentOperation
  addToSet<N extends TableName<T>, C extends SetColumns<Row<T, N>>>(
    table: N,
    uuid: Uuid<NoInfer<N>>,
    column: C,
    values: Iterable<ElementOf<Row<T, N>[C]>>,
  ): MutateOperation
  removeFromSet<N extends TableName<T>, C extends SetColumns<Row<T, N>>>(
    table: N,
    uuid: Uuid<NoInfer<N>>,
    column: C,
    values: Iterable<ElementOf<Row<T, N>[C]>>,
  ): MutateOperation
  setKeys<N extends TableName<T>, C extends MapColumns<Row<T, N>>>(
    table: N,
    uuid: Uuid<NoInfer<N>>,
    column: C,
    entries: MapInputOf<Row<T, N>[C]>,
  ): MutateOperation
  deleteKeys<N extends TableName<T>, C extends MapColumns<Row<T, N>>>(
    table: N,
    uuid: Uuid<NoInfer<N>>,
    column: C,
    keys: Iterable<KeyOf<Row<T, N>[C]>>,
  ): MutateOperation
}

/** Builders whose tables, columns and values are checked by the compiler. The schema is looked at for its type only. */
export function operations<T extends AnyTables>(_schema: DatabaseSchema<T>): TypedOperations<T> {
  return {
    insert: (table, uuid, row) => insert(table, uuid, { ...row }),
    update: (table, uuid, row) => update(table, uuid, { ...row }),
    remove,
    wait: (table, uuid, row, until) => wait(table, uuid, { ...row }, until),
    absent: (table, row) => absent(table, { ...row }),
    addToSet: (table, uuid, column, values) => mutate(table, uuid, [addToSet(column, ...values)]),
    removeFromSet: (table, uuid, column, values) => mutate(table, uuid, [removeFromSet(column, ...values)]),
    setKeys: (table, uuid, column, entries) => mutate(table, uuid, [{ kind: 'setKeys', column, entries }]),
    deleteKeys: (table, uuid, column, keys) => mutate(table, uuid, [deleteKeys(column, ...keys)]),
  }
}
