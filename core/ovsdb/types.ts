import type { Dial } from './connection/dial.ts'
import type { ConnectionLogger, ConnectionState, ConnectionStats, TlsFiles } from './connection/types.ts'
import type { AnyTables, DatabaseSchema, TableName } from './schema/types.ts'
import type { Uuid } from './schema/values.ts'
import type { Batcher, BatcherOptions } from './transaction/batcher.ts'
import type { Operation, TypedOperations } from './transaction/operations.ts'
import type { Outcome } from './transaction/outcome.ts'
import type { Transaction } from './transaction/transaction.ts'
import type { Batch, WatchFilter } from './watch/types.ts'

/** Part of an index: a scalar or optional column, one key of a map column, or each element of a set column. */
export type IndexPart = string | MapKeyPart | ElementPart
export interface MapKeyPart {
  readonly column: string
  readonly key: string
}
export interface ElementPart {
  readonly element: string
}

/** Indexes rows by the value of one key of a map column; rows without the key are not in the index. */
export const mapKey = (column: string, key: string): MapKeyPart => ({ column, key })
/** Indexes rows by each element of a set column (the switch of a port). Must be the only part of its index. */
export const element = (column: string): ElementPart => ({ element: column })

export type ConditionFunction = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'includes' | 'excludes'
/** `['name', '==', 'x']` with the value in program form, or a constant. */
export type Clause = boolean | readonly [column: string, fn: ConditionFunction, value: unknown]

/** How a table is held. */
export interface TableOptions {
  /** Columns to hold; default all. Reading another one throws. */
  readonly columns?: readonly string[]
  /** Columns (with them the table) without which opening fails, for servers with an older schema. */
  readonly required?: readonly string[]
  /** Hash indexes by name: `{byName: ['name'], byOwner: [mapKey('external_ids', 'owner')]}`. */
  readonly indexes?: Readonly<Record<string, readonly IndexPart[]>>
  /** Keep rows as the bytes that came and decode each at its first access: ten times cheaper to sync if rarely read. */
  readonly lazy?: boolean
  /** Hold only rows that match ANY clause. Use it only where it selects little: the server evaluates it per change. */
  readonly where?: readonly Clause[]
  /** Integer columns that are always read as bigint. */
  readonly bigint?: readonly string[]
}

export type TablesOptions<T extends AnyTables> = { readonly [N in TableName<T>]?: TableOptions }

/** One value of one series, in the terms of Prometheus. */
export interface MetricSample {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface DatabaseOptions<T extends AnyTables, O extends TablesOptions<T> = TablesOptions<T>> {
  /** `tcp:host:port,ssl:host:port,unix:path` or a list. */
  readonly remotes: string | readonly string[]
  /** Tables to hold. A table that the server does not know stays empty. */
  readonly tables: O
  /** Default true: writes and reads go to the leader of a cluster. A relay is never a leader. */
  readonly leaderOnly?: boolean | undefined
  readonly tls?: TlsFiles | undefined
  /** See ConnectionOptions. */
  readonly probeInterval?: number | undefined
  readonly syncTimeout?: number | undefined
  readonly backoff?: { readonly min: number; readonly max: number } | undefined
  /** Name of an OVSDB lock to hold; every transaction then asserts it. */
  readonly lock?: string | undefined
  readonly logger?: ConnectionLogger | undefined
  /** How a remote is reached; default by its kind. For tests and for streams that are there already. */
  readonly dial?: Dial | undefined
}

/** A table of the replica. Reads are synchronous and copy nothing; rows are immutable. */
export interface TableReplica<Row, Indexes extends string = string, Name extends string = string> {
  readonly name: string
  readonly size: number
  get(uuid: string): Row | undefined
  /** All rows; while iterating, don't await. */
  rows(): IteratorObject<Row, undefined>
  uuids(): IteratorObject<Uuid<Name>, undefined>
  /** The only row of a singleton table (or any row of another). */
  one(): Row | undefined
  /** The row with this key in the index (any, if there are several). */
  by(index: Indexes, ...key: readonly unknown[]): Row | undefined
  /** All rows with this key in the index. */
  all(index: Indexes, ...key: readonly unknown[]): readonly Row[]
  /** Whether the server has the column and it is held. */
  has(column: string): boolean
}

/** Names of the indexes declared; any text where the options are not known to the compiler. */
export type IndexNames<O> = O extends { readonly indexes: infer I }
  ? keyof I & string
  : 'indexes' extends keyof O
    ? string
    : never

export interface TransactOptions {
  /** Aborting rejects with the signal's reason; the transaction may then be done or not. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until the outcome is `unknown`; default 30,000. */
  readonly timeout?: number | undefined
}

export interface TransactionOptions extends TransactOptions {
  /** How often the callback may be run again after a conflict; default 10. */
  readonly retries?: number | undefined
  /** Guard every row that the callback reads with `get`, `by` and `all`: it commits only if they are still the same. */
  readonly verify?: boolean | undefined
}

export interface DatabaseStats extends Readonly<ConnectionStats> {
  readonly rows: number
  readonly batches: number
  /** Transactions by outcome. */
  readonly outcomes: Readonly<Record<Outcome['status'], number>>
}

/** A database: its replica, its transactions and its changes. */
export interface Database<T extends AnyTables = AnyTables, O extends TablesOptions<T> = TablesOptions<T>>
  extends AsyncDisposable {
  readonly schema: DatabaseSchema<T>
  /** Whether the replica follows the server now. While false, reads show the last state known. */
  readonly connected: boolean
  readonly state: ConnectionState
  /** Why the last connection was lost or refused. */
  readonly lastError: Error | undefined
  readonly remote: string | undefined
  /** Whether the lock of the options is ours. */
  readonly lockOwned: boolean
  readonly stats: DatabaseStats
  /** Typed operation builders. */
  readonly op: TypedOperations<T>
  /** Resolves once the first full state is in the replica. Rejects if the server lacks what is required, or on abort. */
  ready(options?: { readonly signal?: AbortSignal }): Promise<void>
  table<N extends TableName<T>>(name: N): TableReplica<T[N]['row'], IndexNames<O[N]>, N>
  /** Whether the server has the table, or the column. False before the first connection. */
  has(table: TableName<T>, column?: string): boolean
  transact(operations: readonly Operation[], options?: TransactOptions): Promise<Outcome>
  /** Runs the callback on a local overlay, sends what it did, runs it again on conflict. */
  transaction<R>(
    run: (tx: Transaction<T>) => R | Promise<R>,
    options?: TransactionOptions,
  ): Promise<Outcome & { readonly value: R | undefined }>
  /** Joins independent small transactions into few big ones. */
  batcher(options?: BatcherOptions): Batcher
  /** Called synchronously after the replica and its indexes were changed. A throw goes to the logger, nothing else. */
  onBatch(listener: (batch: Batch<T>) => void): Disposable
  /** Batches as they come; those that a slow consumer has not taken yet are merged row by row, none is dropped. */
  watch(
    filter: WatchFilter<T>,
    options?: { readonly signal?: AbortSignal; readonly initial?: boolean },
  ): AsyncIterable<Batch<T>>
  on(event: 'state', listener: (state: ConnectionState, cause: Error | undefined) => void): Disposable
  on(event: 'lock', listener: (owned: boolean) => void): Disposable
  /** Changes which rows are held. Resolves when the replica shows it. */
  setConditions(conditions: { readonly [N in TableName<T>]?: readonly Clause[] }): Promise<void>
  setRemotes(remotes: string | readonly string[]): void
  /** Accepts a cluster that was rebuilt from an older backup. */
  resetIndex(): void
  /** Series for a metrics endpoint. */
  metrics(): readonly MetricSample[]
}
