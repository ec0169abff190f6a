import { createConnection } from './connection/connection.ts'
import type { Connection, ConnectionObserver, ConnectionState } from './connection/types.ts'
import { Listeners } from './listeners.ts'
import { databaseMetrics } from './metrics.ts'
import { ChangeSet, makeBatch } from './replica/changes.ts'
import { encodeCondition } from './replica/condition.ts'
import { Replica } from './replica/replica.ts'
import type { Table } from './replica/table.ts'
import type { AnyTables, DatabaseSchema } from './schema/types.ts'
import { createBatcher } from './transaction/batch.ts'
import type { Batcher, BatcherOptions } from './transaction/batcher.ts'
import { runCallback } from './transaction/callback.ts'
import { type Operation, operations, type TypedOperations } from './transaction/operations.ts'
import type { Outcome } from './transaction/outcome.ts'
import { runTransaction } from './transaction/run.ts'
import type { Transaction } from './transaction/transaction.ts'
import type {
  Clause,
  Database,
  DatabaseOptions,
  DatabaseStats,
  MetricSample,
  TablesOptions,
  TransactionOptions,
  TransactOptions,
} from './types.ts'
import type { Batch } from './watch/types.ts'
import { normalizeFilter, watch } from './watch/watch.ts'

/**
 * Opens a database: connects now, in the background, and for ever until disposed. Throws RemoteError for remotes that
 * cannot be parsed. `await db.ready()` before the first read.
 */
export function openDatabase<T extends AnyTables, const O extends TablesOptions<T>>(
  schema: DatabaseSchema<T>,
  options: DatabaseOptions<T, O>,
): Database<T, O> {
  const database = new OpenDatabase(schema, options)
  // The class works on rows as data; the interface adds what the compiler knows about them.
  return database as unknown as Database<T, O>
}

class OpenDatabase {
  readonly schema: DatabaseSchema
  readonly op: TypedOperations<AnyTables>
  lastError: Error | undefined
  readonly #options: DatabaseOptions<AnyTables>
  readonly #replica: Replica
  readonly #connection: Connection
  readonly #onBatch: Listeners<[Batch]>
  readonly #onState: Listeners<[ConnectionState, Error | undefined]>
  readonly #onLock: Listeners<[boolean]>
  readonly #onClose: Listeners<[]>
  readonly #ready = Promise.withResolvers<void>()
  readonly #outcomes: Record<Outcome['status'], number> = {
    committed: 0,
    unchanged: 0,
    aborted: 0,
    conflict: 0,
    notLocked: 0,
    failed: 0,
    unknown: 0,
    disconnected: 0,
  }
  #batches = 0

  constructor(schema: DatabaseSchema, options: DatabaseOptions<AnyTables>) {
    this.schema = schema
    this.op = operations(schema)
    this.#options = options
    this.#replica = new Replica(schema, options.tables as Readonly<Record<string, object>>)
    this.#onBatch = new Listeners(options.logger)
    this.#onState = new Listeners(options.logger)
    this.#onLock = new Listeners(options.logger)
    this.#onClose = new Listeners(options.logger)
    // Whoever does not wait for ready() must not end by an unhandled rejection; lastError tells as well.
    this.#ready.promise.catch(() => {})
    const { dial, tables: _, ...rest } = options
    const connection = { ...rest, database: schema.name, observer: this.#observer() }
    this.#connection = createConnection(dial ? { ...connection, dial } : connection)
    this.#connection.start()
  }

  #observer(): ConnectionObserver {
    const replica = this.#replica
    return {
      schema: document => replica.schema(document),
      begin: start => replica.begin(start),
      row: (table, uuid, kind, slab, start, end) => replica.row(table, uuid, kind, slab, start, end),
      value: (table, uuid, kind, row) => replica.value(table, uuid, kind, row),
      end: () => this.#publish(replica.end()),
      abort: () => replica.abort(),
      state: (state, cause) => this.#stateChanged(state, cause),
      lock: owned => this.#onLock.call(owned),
    }
  }

  #publish(batch: Batch | undefined): void {
    if (!batch) return
    this.#batches++
    this.#onBatch.call(batch)
  }

  #stateChanged(state: ConnectionState, cause: Error | undefined): void {
    if (cause) this.lastError = cause
    if (state === 'live') this.#ready.resolve()
    if (state === 'closed') {
      const reason = cause?.cause instanceof Error ? cause.cause : cause
      this.#ready.reject(reason ?? new Error('the database was closed'))
      this.#onClose.call()
    }
    this.#onState.call(state, cause)
  }

  get connected(): boolean {
    return this.#connection.state === 'live'
  }

  get state(): ConnectionState {
    return this.#connection.state
  }

  get remote(): string | undefined {
    return this.#connection.remote
  }

  get lockOwned(): boolean {
    return this.#connection.lockOwned
  }

  get stats(): DatabaseStats {
    return {
      ...this.#connection.stats,
      rows: this.#replica.rows,
      batches: this.#batches,
      outcomes: { ...this.#outcomes },
    }
  }

  metrics(): readonly MetricSample[] {
    return databaseMetrics(this.schema.name, this.stats, this.connected)
  }

  async ready({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (!signal) return this.#ready.promise
    signal.throwIfAborted()
    const { promise, reject } = Promise.withResolvers<never>()
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      await Promise.race([this.#ready.promise, promise])
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  table(name: string): Table {
    const table = this.#replica.tables.get(name)
    if (table) return table
    throw new Error(`table ${name} is not held: add it to the tables when opening the database`)
  }

  has(table: string, column?: string): boolean {
    const found = this.#replica.server?.tables[table]
    return found !== undefined && (column === undefined || Object.hasOwn(found.columns, column))
  }

  async transact(operations: readonly Operation[], options: TransactOptions = {}): Promise<Outcome> {
    const outcome = await runTransaction(this.#transactor(), operations, options)
    this.#outcomes[outcome.status]++
    return outcome
  }

  #transactor() {
    const { server } = this.#replica
    const codecOf = (table: string) => this.#replica.codec(table)
    return { connection: this.#connection, server, codecOf, lock: this.#options.lock }
  }

  transaction<R>(run: (tx: Transaction<AnyTables>) => R | Promise<R>, options: TransactionOptions = {}) {
    const transact = (list: readonly Operation[]): Promise<Outcome> => this.transact(list, options)
    return runCallback({ replica: this.#replica, transact }, run, options)
  }

  batcher(options: BatcherOptions = {}): Batcher {
    return createBatcher((list, limits) => this.transact(list, limits), options)
  }

  onBatch(listener: (batch: Batch) => void): Disposable {
    return this.#onBatch.add(listener)
  }

  on(event: 'state' | 'lock', listener: (...args: readonly never[]) => void): Disposable {
    if (event === 'state') return this.#onState.add(listener as (state: ConnectionState, cause?: Error) => void)
    return this.#onLock.add(listener as (owned: boolean) => void)
  }

  watch(
    filter: object,
    options: { readonly signal?: AbortSignal; readonly initial?: boolean } = {},
  ): AsyncIterable<Batch> {
    const source = {
      onBatch: (listener: (batch: Batch) => void) => this.#onBatch.add(listener),
      onClose: (listener: () => void) => this.#onClose.add(listener),
    }
    return watch(source, normalizeFilter(filter), options.signal, options.initial ? this.#everything() : undefined)
  }

  /** All rows held, as insertions. */
  #everything(): Batch {
    const sets = Array.from(this.#replica.tables, ([name, { content }]) => {
      const set = new ChangeSet(content.codec)
      for (const stored of content.rows.values()) set.insert(stored)
      return [name, set] as const
    })
    return makeBatch(false, new Map(sets))
  }

  setConditions(conditions: Readonly<Record<string, readonly Clause[] | undefined>>): Promise<void> {
    const encoded = Object.entries(conditions).flatMap(([name, clauses]) =>
      clauses ? [[name, encodeCondition(this.table(name).content.codec, clauses)] as const] : [],
    )
    return this.#connection.setConditions(new Map(encoded))
  }

  setRemotes(remotes: string | readonly string[]): void {
    this.#connection.setRemotes(remotes)
  }

  resetIndex(): void {
    this.#connection.resetIndex()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection[Symbol.asyncDispose]() as Promise<void>
  }
}
