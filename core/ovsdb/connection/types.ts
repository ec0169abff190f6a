import type { Json, JsonArray, JsonObject } from '../wire/json.ts'

/**
 * What a connection is doing.
 * - `idle`: not started, or no remotes given
 * - `connecting`: dialling a remote, including the TLS handshake
 * - `handshake`: asking the server about the database (`_Server`, schema)
 * - `syncing`: the monitor is requested, its initial reply not yet complete; calls are possible
 * - `live`: the observer holds a consistent cut of the database; calls are possible
 * - `backoff`: waiting before the next attempt
 * - `closed`: disposed, for good
 */
export type ConnectionState = 'idle' | 'connecting' | 'handshake' | 'syncing' | 'live' | 'backoff' | 'closed'

/** One clause of a condition: `["name", "==", "x"]`, values in wire form, or a bare boolean. */
export type WireClause = boolean | readonly [column: string, operator: string, value: Json]

/**
 * Which rows of a table to monitor: the rows that match ANY clause (monitor conditions are ORed).
 * Absent = every row. An empty list = no row at all (it is sent as `[false]`; the protocol's own `[]` would mean all).
 */
export type WireCondition = readonly WireClause[]

/** What to monitor of one table. `columns` without `_uuid` (each row comes with it) and better without `_version`. */
export interface TablePlan {
  readonly columns: readonly string[]
  readonly where?: WireCondition | undefined
}

/** Table name to what is monitored of it. Without any table no monitor is set up; the connection is then `live` at once. */
export type MonitorPlan = ReadonlyMap<string, TablePlan>

/**
 * What a row record says.
 * - `initial`, `insert`: the row; columns that hold their default are absent
 * - `modify`: a diff (RFC 7047 extension update2/update3): scalars and optionals are the new value, sets XOR, maps by key;
 *    may be empty, which is no change at all
 * - `replace`: the complete new row, only from servers that know no more than RFC 7047's `monitor`
 * - `delete`: no row value
 */
export type RowKind = 'initial' | 'insert' | 'modify' | 'replace' | 'delete'

/** The start of one consistent cut. All rows until {@link ConnectionObserver.end} belong to it and become visible together. */
export interface UpdateStart {
  /**
   * - `snapshot`: the complete monitored content. A row held before and not mentioned is gone: diff, don't purge.
   * - `delta`: changes relative to the state held (an update, a resume after reconnect that the server could continue,
   *    or the effect of a changed condition).
   */
  readonly kind: 'snapshot' | 'delta'
  /** Why it came: `first` and `resync` are snapshots, `resume` and `update` deltas. */
  readonly reason: 'first' | 'resync' | 'resume' | 'update'
}

/**
 * The consumer of a connection, usually the replica. All methods are called in the order of the wire and never concurrently.
 *
 * A throw of {@link InconsistentError} from `row`, `value` or `end` makes the connection ask for everything again (at once,
 * without backoff); any other error is a bug: the connection is disposed and reports the error with its last state.
 */
export interface ConnectionObserver {
  /**
   * The server's schema of the database (RFC 7047 section 3.2 `<database-schema>`), at each connect and after a conversion.
   * Answer with what to monitor: the intersection of what is wanted and what exists. `where` is the wanted condition; once
   * a condition was changed by {@link Connection.setConditions}, that one goes first.
   */
  schema(schema: JsonObject): MonitorPlan
  /** A cut starts. */
  begin(start: UpdateStart): void
  /**
   * One row of a big message, as bytes: `slab.subarray(start, end)` is the JSON object with the columns (UTF-8), to be
   * decoded now or later (`parseRow(slab, start, end)` of wire). The slab is never written again: it may be kept, which
   * keeps all of its up to 64 KiB alive; copy the range if only few rows of a slab are kept. `delete` has start = end.
   *
   * Called in slices of a few ms with macrotask yields between; do the decoding here so that it is counted in the slice.
   */
  row(table: string, uuid: string, kind: RowKind, slab: Uint8Array, start: number, end: number): void
  /** One row of a small message, parsed. `null` for `delete`. */
  value(table: string, uuid: string, kind: RowKind, row: JsonObject | null): void
  /**
   * The cut is complete: make it visible, then tell watchers. A returned promise delays whatever came later on the wire
   * (and bytes are still counted as activity meanwhile): use it to spread long work over several macrotasks.
   */
  end(): void | Promise<void>
  /** The connection broke within a cut: forget what came since `begin`. */
  abort(): void
  /** The state changed; `cause` says why a connection was lost or refused. */
  state(state: ConnectionState, cause: Error | undefined): void
  /** Whether this session owns the lock asked for by {@link ConnectionOptions.lock}; false at each loss of connection. */
  lock?(owned: boolean): void
}

/** Thrown by an observer that got a row it can't make sense of (insert of a known row, change of an unknown one). */
export class InconsistentError extends Error {
  override readonly name = 'InconsistentError'
}

export interface CallOptions {
  /** Aborting settles the promise at once with the signal's reason; a `cancel` is sent along. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until the call rejects with TimeoutError. Default 30,000 for calls; 0 = none. */
  readonly timeout?: number | undefined
}

/** Where the bytes that make a TLS identity are: file paths, read anew at each connect, so rotated files need no restart. */
export interface TlsFiles {
  /** CA certificates (PEM) that the server's chain must lead to. OVS checks no host names, neither do we. */
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** Trust on first use: if `ca` does not exist, accept one handshake, save the self-signed end of its chain there, reconnect. */
  readonly bootstrapCa?: boolean | undefined
}

/** The few calls of a logger that a connection makes (the shape of pino and of @ovnkit/process). */
export interface ConnectionLogger {
  debug(bindings: object, message: string): void
  info(bindings: object, message: string): void
  warn(bindings: object, message: string): void
}

export interface ConnectionOptions {
  /** Name of the database, e.g. `OVN_Northbound`. */
  readonly database: string
  /** `tcp:host:port,ssl:host:port,unix:path,cid:uuid` or a list of such. */
  readonly remotes: string | readonly string[]
  readonly observer: ConnectionObserver
  /** Talk to the leader of a cluster only (default true, as in ovn-nbctl). A relay is never a leader. */
  readonly leaderOnly?: boolean | undefined
  readonly tls?: TlsFiles | undefined
  /** Milliseconds of silence until a probe; as much again until the connection counts as dead. Default 5,000, none on unix:, 0 = off. */
  readonly probeInterval?: number | undefined
  /** Milliseconds without any byte while schema or initial monitor reply are awaited, until the connection counts as dead. Default 180,000. */
  readonly syncTimeout?: number | undefined
  /** First and largest delay between attempts, ms; half of it up to the whole is waited, at random. Default 1,000 and 8,000. */
  readonly backoff?: { readonly min: number; readonly max: number } | undefined
  /** From 0 (inclusive) to 1, for tests. Default Math.random. */
  readonly random?: (() => number) | undefined
  /** Try remotes in a random order (default true). */
  readonly shuffle?: boolean | undefined
  /** Name of an OVSDB lock to hold whenever connected. Locks are per server process: useful with leaderOnly only. */
  readonly lock?: string | undefined
  readonly logger?: ConnectionLogger | undefined
}

/** Counters since the connection was made; read them when metrics are collected. */
export interface ConnectionStats {
  bytesReceived: number
  bytesSent: number
  messagesReceived: number
  rowsReceived: number
  connects: number
  disconnects: number
  /** Initial monitor replies by what they were: `first`, `resync` (whole content again), `resume` (continued). */
  first: number
  resync: number
  resume: number
  /** Snapshots asked for because the observer found an inconsistency. */
  inconsistent: number
  /** Round trip of the last probe, ms. */
  probeRtt: number | undefined
}

/** A connection to one database that re-establishes itself until disposed. */
export interface Connection extends AsyncDisposable {
  readonly database: string
  readonly state: ConnectionState
  /** The remote in use, in canonical text. */
  readonly remote: string | undefined
  /** Id of the last transaction that the observer has; undefined if the server gives none (standalone). */
  readonly lastTransaction: string | undefined
  /** Whether the lock of the options is held. */
  readonly lockOwned: boolean
  readonly stats: Readonly<ConnectionStats>
  /** Starts dialling. Returns at once; the observer hears the rest. */
  start(): void
  /**
   * One request to the server. Calls are pipelined; the promise settles after the observer has seen everything that the
   * server sent before its reply (so a transact's own changes are already in the replica).
   * Rejects with {@link RpcError} (the server's error), {@link DisconnectedError} (`sent` tells whether the outcome is
   * unknown), TimeoutError, the signal's reason, or EncodeError (a value that can't be sent).
   */
  call(method: string, params: JsonArray, options?: CallOptions): Promise<Json>
  /** `transact` with this database: the array of results, as long as the operations or one longer (commit error). */
  transact(operations: readonly JsonObject[], options?: CallOptions): Promise<JsonArray>
  /**
   * Changes which rows are monitored; tables that are not mentioned keep their condition. One change is in flight at a
   * time, later ones merge. Resolves when the rows of the new condition were given to the observer (a delta, or a resync if
   * the connection was lost meanwhile).
   */
  setConditions(conditions: ReadonlyMap<string, WireCondition>): Promise<void>
  /** Replaces the list of remotes; the live connection stays if its remote is still listed. */
  setRemotes(remotes: string | readonly string[]): void
  /** Forgets the highest raft index seen: accept a cluster that was rebuilt from a backup. */
  resetIndex(): void
  /** Drops the connection and dials again at once. `resync` = also ask for the whole content. */
  reconnect(options?: { readonly resync?: boolean }): void
}
