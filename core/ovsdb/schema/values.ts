/** Values of columns as programs see them. */

declare const uuidTable: unique symbol

/**
 * UUID of a row in lower-case text form, branded with its table: a Port's UUID is not accepted where a Bridge's is wanted.
 * `Uuid` without argument stands for a row of any table.
 */
export type Uuid<Table extends string = string> = string & { readonly [uuidTable]: Table }

/** Counters that can pass 2^53: a bigint only where a number would lose digits. */
export type Int64 = number | bigint

export type Atom = string | number | bigint | boolean

/** A column that holds a set. Read only and live: it shows the row as it is now, and costs no copy. */
export interface OvsSet<T> extends Iterable<T> {
  readonly size: number
  has(value: T): boolean
}

/** A column that holds a map. Read only and live: it shows the row as it is now, and costs no copy. */
export interface OvsMap<K, V> extends Iterable<readonly [K, V]> {
  readonly size: number
  get(key: K): V | undefined
  has(key: K): boolean
  keys(): Iterable<K>
  values(): Iterable<V>
  entries(): Iterable<readonly [K, V]>
}

/** What a set column accepts in inserts and updates. Duplicates are removed before sending. */
export type SetInput<T> = Iterable<T>

/** What a set column with at least one element accepts. */
export type NonEmptySetInput<T> = readonly [T, ...T[]] | OvsSet<T>

/** What a map column accepts in inserts and updates: pairs, or a record where the key is text. */
export type MapInput<K extends Atom, V> =
  | Iterable<readonly [K, V]>
  | (K extends string ? { readonly [key in K]?: V } : never)
