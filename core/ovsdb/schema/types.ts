/** Shapes of an OVSDB schema (RFC 7047, section 3.2), as data. Generated constants and the server's own schema both have this form. */

export type AtomicType = 'integer' | 'real' | 'boolean' | 'string' | 'uuid'

/** A key or value type with its constraints. Lengths count code points. */
export interface BaseType {
  readonly type: AtomicType
  readonly enum?: readonly (string | number | boolean)[]
  readonly minInteger?: number
  readonly maxInteger?: number
  readonly minReal?: number
  readonly maxReal?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly refTable?: string
  /** A reference is strong unless it says weak: a strong one keeps its row alive and must point to one. */
  readonly refType?: 'strong' | 'weak'
}

export interface ColumnSchema {
  readonly key: BaseType
  /** Present in map columns only. */
  readonly value?: BaseType
  readonly min: 0 | 1
  readonly max: number | 'unlimited'
  readonly ephemeral?: boolean
  readonly mutable?: boolean
  /** Schema version that brought the column, where it is newer than the oldest schema we know. */
  readonly since?: string
}

export interface TableSchema {
  readonly columns: Readonly<Record<string, ColumnSchema>>
  /** A row of a non-root table lives only while a strong reference points to it. */
  readonly isRoot: boolean
  readonly maxRows?: number
  readonly indexes: readonly (readonly string[])[]
  /** Schema version that brought the table, where it is newer than the oldest schema we know. */
  readonly since?: string
}

/** One table's TypeScript faces: what is read, what an insert takes, what an update takes. */
export interface TableTypes {
  readonly row: object
  readonly insert: object
  readonly update: object
}

export type AnyTables = Readonly<Record<string, TableTypes>>

/** A database schema. `Tables` exists for the compiler only. */
export interface DatabaseSchema<Tables extends AnyTables = AnyTables> {
  readonly name: string
  readonly version: string
  readonly tables: Readonly<Record<keyof Tables & string, TableSchema>>
  /** Never present at run time: carries the row types. */
  readonly types?: Tables
}

export type TableName<Tables extends AnyTables> = keyof Tables & string

/** How a column is read: one value, value or undefined, set, or map. */
export type ColumnKind = 'scalar' | 'optional' | 'set' | 'map'

/** The kind of a column, by the rules of `<type>` in RFC 7047 section 3.2. */
export function columnKind(column: ColumnSchema): ColumnKind {
  if (column.value) return 'map'
  if (column.max !== 1) return 'set'
  return column.min === 1 ? 'scalar' : 'optional'
}
