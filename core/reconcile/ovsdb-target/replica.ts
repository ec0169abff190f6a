import type { Operation } from '@ovnkit/ovsdb'
import type { Atom } from './desired.ts'

/** A row of the replica: columns by the schema's names; sets have `has`, maps have `get`, an empty optional is undefined. */
export interface ReplicaRow {
  readonly _uuid: string
  readonly [column: string]: unknown
}

export interface ReplicaTable {
  get(uuid: string): ReplicaRow | undefined
  rows(): Iterable<ReplicaRow>
  /** The row that a named index of the replica finds. */
  by(index: string, value: string): ReplicaRow | undefined
  /** The server has the column, and it is monitored. */
  has(column: string): boolean
}

/** A column through which rows of one table keep rows of another alive. */
export interface Reference {
  readonly table: string
  readonly column: string
}

/** What happened to one row. */
export interface RowChange {
  readonly table: string
  readonly uuid: string
  /** The row as it is now; undefined when it is gone. */
  readonly row: ReplicaRow | undefined
  /** The row as it was; undefined when it is new. Of an updated row only the changed columns are certain. */
  readonly old: ReplicaRow | undefined
  /** Members of a set that are gone, or keys of a map that are gone or have another value. */
  lost(column: string): Iterable<Atom>
}

export type TransactResult =
  | { readonly status: 'committed' }
  | {
      readonly status: 'failed'
      readonly code: string
      readonly message: string
      readonly operation: number | undefined
    }
  | { readonly status: 'unavailable' | 'unknown'; readonly message: string }

/** What the target needs of an OVSDB client; `databaseReplica` makes it of a `Database`. */
export interface Replica {
  readonly ready: boolean
  tables(): Iterable<string>
  table(name: string): ReplicaTable
  /** True for tables whose rows live without being referred to. */
  isRoot(table: string): boolean
  /** Columns with strong references to rows of this table. */
  references(table: string): readonly Reference[]
  /** Columns of this table that hold references, strong or weak, and to rows of which (held) table. */
  referring(table: string): ReadonlyMap<string, string>
  subscribe(listener: ReplicaListener): Disposable
  transact(operations: readonly Operation[], signal: AbortSignal): Promise<TransactResult>
}

export interface ReplicaListener {
  changed(change: RowChange): void
  ready(): void
  resync(): void
}
