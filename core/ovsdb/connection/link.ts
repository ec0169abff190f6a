import type { Duplex } from 'node:stream'
import { DisconnectedError, RpcError } from '../session/errors.ts'
import { Session, type SessionHandler } from '../session/session.ts'
import type { BulkRow } from '../wire/bulk.ts'
import type { BulkStart } from '../wire/bulk-start.ts'
import { ProtocolError } from '../wire/errors.ts'
import { isJsonObject, type Json, type JsonArray } from '../wire/json.ts'
import { parseJson } from '../wire/parse.ts'
import { DataMonitor } from './data-monitor.ts'
import { Feed, guard } from './feed.ts'
import { Lock } from './lock.ts'
import type { MonitorMemory } from './monitor-memory.ts'
import { ServerMonitor } from './server-monitor.ts'
import { rejectionOf, SERVER_COLUMNS, type ServerDatabase, type Wanted } from './server-row.ts'
import type { ConnectionObserver, ConnectionStats, UpdateStart } from './types.ts'

/** The server is reachable, but of no use (now): not the leader, without the database, behind. */
export class RejectedError extends Error {
  override readonly name = 'RejectedError'
  readonly code = 'rejected'
}

export interface LinkOptions {
  readonly observer: ConnectionObserver
  readonly memory: MonitorMemory
  readonly stats: ConnectionStats
  readonly lock: string | undefined
  /** What the server must have; read at each check since the index grows. */
  readonly wanted: () => Wanted
  /** There is no other remote: wait for this one to become usable instead of dialling it again. */
  readonly patient: boolean
}

/** What a link tells its owner. */
export interface LinkOwner {
  /** Waiting for a server that may take long (`true`), or for nothing in particular. */
  awaiting(long: boolean): void
  received(): void
  /** Refused for now, and waiting for the server to change its mind. */
  rejected(reason: RejectedError): void
  /** The highest raft index of the database went up. */
  index(index: number): void
  syncing(): void
  live(reason: UpdateStart['reason']): void
  closed(cause: Error): void
}

const SERVER_MONITOR: Json = ['monid', '_Server']

/** Our monitor ids are lists of texts. It is asked for every notification, so not by a general deep comparison. */
const isMonitor = (id: Json | undefined, ours: Json): boolean =>
  Array.isArray(id) && Array.isArray(ours) && id.length === ours.length && id.every((part, i) => part === ours[i])

/**
 * One established session with a server: finds out whether the server is the right one and stays so (`_Server`), gets the
 * schema, sets up the monitor and the lock. Ends at the first reason not to go on.
 */
export class Link implements SessionHandler {
  readonly #options: LinkOptions
  readonly #owner: LinkOwner
  readonly #session: Session
  readonly #server = new ServerMonitor()
  readonly #feed: Feed
  readonly #data: DataMonitor
  readonly #lock: Lock | undefined
  #serverSchema: string | undefined
  #usable = false
  #converting = false
  #wasLive = false

  constructor(stream: Duplex, options: LinkOptions, owner: LinkOwner) {
    this.#options = options
    this.#owner = owner
    this.#session = new Session(stream, this)
    this.#feed = new Feed(options.observer, options.stats)
    this.#data = new DataMonitor({
      session: this.#session,
      database: options.wanted().database,
      memory: options.memory,
      feed: this.#feed,
      live: reason => this.#becomeLive(reason),
      failed: error => this.close(error),
    })
    this.#lock = options.lock === undefined ? undefined : new Lock(this.#session, options.lock, options.observer)
  }

  get session(): Session {
    return this.#session
  }

  /** Whether the server was found to be the right one: calls may be made. */
  get usable(): boolean {
    return this.#usable
  }

  /** Whether the observer ever was up to date on this link. */
  get wasLive(): boolean {
    return this.#wasLive
  }

  get lockOwned(): boolean {
    return this.#lock?.owned ?? false
  }

  /** Begins the handshake. */
  start(): void {
    this.#owner.awaiting(true)
    const tables = { Database: [{ columns: SERVER_COLUMNS }] }
    this.#session
      .call('monitor_cond', ['_Server', SERVER_MONITOR, tables], {
        onReply: (result, split) => {
          if (!split) this.#server.apply(result)
          this.#checkServer()
        },
      })
      .catch((error: unknown) => this.#withoutServerDatabase(error))
    // Old servers don't know it; then databases can't change under us without a disconnect.
    this.#session.call('set_db_change_aware', [true]).catch(() => undefined)
  }

  /** What is wanted of the server has changed. */
  recheck(): void {
    if (this.#server.known) this.#checkServer()
  }

  changeConditions(): void {
    this.#data.changeConditions()
  }

  close(cause: Error): void {
    this.#session.close(cause)
  }

  notification(method: string, params: JsonArray, split: boolean): void {
    const [id] = params
    if (method === 'locked' || method === 'stolen') this.#lock?.notification(method, id ?? null)
    else if (method === 'monitor_canceled') this.#canceled(id ?? null)
    else if (!method.startsWith('update')) return
    else if (isMonitor(id, SERVER_MONITOR)) this.#serverChanged(params[1] ?? null, split)
    else if (isMonitor(id, this.#data.id)) this.#data.update(method, params, split)
  }

  bulk(start: BulkStart): BulkRow {
    const ofServer = start.place === 'update' ? isMonitor(start.monitor, SERVER_MONITOR) : !this.#usable
    if (ofServer) return (_table, ...row) => this.#server.applyBytes(...row)
    return this.#data.bulk(start.place)
  }

  received(bytes: number): void {
    this.#options.stats.bytesReceived += bytes
    this.#owner.received()
  }

  sent(bytes: number): void {
    this.#options.stats.bytesSent += bytes
  }

  message(): void {
    this.#options.stats.messagesReceived++
  }

  closed(cause: Error): void {
    const { memory, observer } = this.#options
    this.#usable = false
    this.#feed.abort()
    memory.lost()
    this.#lock?.lost(observer)
    this.#owner.closed(cause)
  }

  /** Servers before OVS 2.9, or of another make: without `_Server` there is nothing to check. */
  #withoutServerDatabase(error: unknown): void {
    if (error instanceof RpcError) this.#requestSchema()
  }

  #serverChanged(updates: Json, split: boolean): void {
    if (!split) this.#server.apply(updates)
    this.#checkServer()
  }

  #checkServer(): void {
    const wanted = this.#options.wanted()
    const row = this.#server.find(wanted.database, wanted.cid)
    const reason = rejectionOf(row, wanted)
    if (reason !== undefined) this.#reject(reason)
    else if (row !== undefined) this.#accept(row)
  }

  #reject(reason: string): void {
    const error = new RejectedError(reason)
    if (this.#usable || !this.#options.patient) this.close(error)
    else {
      this.#owner.awaiting(false)
      this.#owner.rejected(error)
    }
  }

  #accept(row: ServerDatabase): void {
    if (row.index !== undefined) this.#owner.index(row.index)
    if (row.schema === undefined || row.schema === this.#serverSchema) return
    this.#serverSchema = row.schema
    if (!this.#converting) this.#use(row.schema)
  }

  /** Schema known, at first or after a conversion: (re)start the monitor. */
  #use(schema: string): void {
    const { observer, memory } = this.#options
    if (this.#usable) memory.forget()
    else this.#lock?.ask()
    this.#usable = true
    this.#owner.awaiting(true)
    this.#owner.syncing()
    const parsed = parseJson(schema)
    if (!isJsonObject(parsed)) throw new ProtocolError('expected a schema to be a JSON object')
    this.#data.start(guard(() => observer.schema(parsed)))
  }

  /**
   * The database was converted or removed. The schema has to be asked for: standalone servers (3.1) don't tell the new one in
   * `_Server`.
   */
  #canceled(id: Json): void {
    if (!isMonitor(id, this.#data.id)) return
    this.#converting = true
    this.#owner.awaiting(true)
    this.#requestSchema()
  }

  #requestSchema(): void {
    const { database } = this.#options.wanted()
    this.#session
      .call('get_schema', [database])
      .then(schema => {
        this.#converting = false
        this.#use(JSON.stringify(schema))
      })
      .catch((cause: unknown) => {
        if (cause instanceof RpcError) this.close(new RejectedError(`no schema of ${database}`, { cause }))
        else if (!(cause instanceof DisconnectedError)) this.close(asError(cause))
      })
  }

  #becomeLive(reason: UpdateStart['reason']): void {
    this.#wasLive = true
    this.#owner.awaiting(false)
    this.#owner.live(reason)
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
