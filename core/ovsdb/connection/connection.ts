import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { DisconnectedError } from '../session/errors.ts'
import type { Json, JsonArray, JsonObject } from '../wire/json.ts'
import { type Dial, dial } from './dial.ts'
import { ObserverFailure } from './feed.ts'
import { Link, type LinkOwner, RejectedError } from './link.ts'
import { MonitorMemory } from './monitor-memory.ts'
import { Reconnect } from './reconnect.ts'
import { formatRemote, parseRemotes, type Remote, type RemoteList } from './remote.ts'
import { Rotation } from './rotation.ts'
import { noStats } from './stats.ts'
import {
  type CallOptions,
  type Connection,
  type ConnectionOptions,
  type ConnectionState,
  InconsistentError,
  type UpdateStart,
  type WireCondition,
} from './types.ts'

const PROBE_INTERVAL = 5_000
const SYNC_TIMEOUT = 180_000
const BACKOFF = { min: 1_000, max: 8_000 }

/** Makes a connection; it dials once {@link Connection.start} was called. Throws RemoteError if a remote can't be parsed. */
export function createConnection(options: ConnectionOptions & { readonly dial?: Dial }): Connection {
  return new DatabaseConnection(options)
}

class DatabaseConnection implements Connection, LinkOwner {
  readonly #options: ConnectionOptions
  readonly #dial: Dial
  readonly #fsm: Reconnect
  readonly #memory = new MonitorMemory()
  readonly #rotation: Rotation
  #list: RemoteList
  #state: ConnectionState = 'idle'
  #remote: Remote | undefined
  #link: Link | undefined
  #attempt: AbortController | undefined
  #timer: NodeJS.Timeout | undefined
  #minIndex = 0
  #started = false
  readonly stats = noStats()

  constructor(options: ConnectionOptions & { readonly dial?: Dial }) {
    this.#options = options
    this.#dial = options.dial ?? dial
    this.#list = parseRemotes(options.remotes)
    this.#rotation = new Rotation(this.#list.remotes, options.shuffle ?? true)
    const { min, max } = options.backoff ?? BACKOFF
    this.#fsm = new Reconnect({
      minBackoff: min,
      maxBackoff: max,
      probeInterval: this.#probeInterval(),
      random: options.random ?? Math.random,
    })
  }

  get database(): string {
    return this.#options.database
  }

  get state(): ConnectionState {
    return this.#state
  }

  get remote(): string | undefined {
    return this.#remote === undefined ? undefined : formatRemote(this.#remote)
  }

  get lastTransaction(): string | undefined {
    return this.#memory.lastTransaction
  }

  get lockOwned(): boolean {
    return this.#link?.lockOwned ?? false
  }

  start(): void {
    if (this.#started || this.#state === 'closed') return
    this.#started = true
    this.#run()
  }

  call(method: string, params: JsonArray, options: CallOptions = {}): Promise<Json> {
    const link = this.#link
    if (link === undefined || !link.usable) return Promise.reject(new DisconnectedError(method, false))
    return link.session.call(method, params, options)
  }

  async transact(operations: readonly JsonObject[], options?: CallOptions): Promise<JsonArray> {
    const result = await this.call('transact', [this.database, ...operations], options)
    return Array.isArray(result) ? result : []
  }

  setConditions(conditions: ReadonlyMap<string, WireCondition>): Promise<void> {
    if (this.#state === 'closed') return Promise.reject(new DisconnectedError('monitor_cond_change', false))
    const done = this.#memory.conditions.set(conditions)
    this.#link?.changeConditions()
    return done
  }

  setRemotes(remotes: string | readonly string[]): void {
    this.#list = parseRemotes(remotes)
    this.#rotation.replace(this.#list.remotes)
    if (!this.#started || this.#state === 'closed') return
    if (this.#state === 'idle') this.#run()
    else if (this.#rotation.size === 0) this.#drop(new Error('no remotes are left'))
    else if (this.#remote === undefined || !this.#rotation.has(this.#remote)) this.reconnect()
    else this.#link?.recheck()
  }

  resetIndex(): void {
    this.#minIndex = 0
    this.#link?.recheck()
  }

  reconnect(options: { readonly resync?: boolean } = {}): void {
    if (options.resync === true) this.#memory.forget()
    if (this.#state === 'idle' || this.#state === 'closed') return
    this.#drop(new Error('asked to reconnect'))
    this.#fsm.skipBackoff(now())
    this.#tick()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close(undefined)
  }

  // What the link tells

  awaiting(long: boolean): void {
    this.#fsm.expectSilence(now(), long ? (this.#options.syncTimeout ?? SYNC_TIMEOUT) : undefined)
    this.#schedule()
  }

  received(): void {
    this.#fsm.activity(now())
  }

  rejected(reason: RejectedError): void {
    this.#enter('handshake', reason)
  }

  index(index: number): void {
    this.#minIndex = Math.max(this.#minIndex, index)
  }

  syncing(): void {
    this.#enter('syncing')
  }

  live(reason: UpdateStart['reason']): void {
    if (reason !== 'update') this.stats[reason]++
    this.#enter('live')
  }

  closed(cause: Error): void {
    const link = this.#link
    this.#link = undefined
    this.stats.disconnects++
    if (this.#state === 'closed') return
    if (cause instanceof ObserverFailure) {
      this.#close(cause)
      return
    }
    if (cause instanceof InconsistentError) {
      this.stats.inconsistent++
      this.#memory.forget()
    }
    const deliberate = cause instanceof InconsistentError || cause instanceof RejectedError
    if (deliberate && link?.wasLive === true) this.#fsm.grantFreeTries(this.#rotation.size + 1)
    this.#lost(cause)
  }

  // Dialling and timers

  #run(): void {
    if (this.#rotation.size === 0) return
    this.#fsm.start(now(), this.#rotation.size)
    this.#tick()
  }

  #tick(): void {
    const action = this.#fsm.run(now())
    if (action === 'connect') void this.#connect()
    else if (action === 'probe') this.#probe()
    else if (action === 'disconnect') this.#drop(new Error('the server did not answer in time'))
    this.#schedule()
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    const deadline = this.#fsm.deadline()
    if (deadline === Number.POSITIVE_INFINITY) return
    this.#timer = setTimeout(() => this.#due(), Math.max(0, deadline - now()))
  }

  /**
   * Silence counts only if we listened: after a busy time of our own, what arrived meanwhile is read first. While a backlog
   * is being worked on the server hears from us, too.
   */
  #due(): void {
    setImmediate(() => {
      if (this.#link?.session.busy === true && this.#fsm.run(now()) !== undefined) {
        this.#fsm.activity(now())
        this.#probe()
      }
      this.#tick()
    })
  }

  async #connect(): Promise<void> {
    const remote = this.#rotation.next()
    const attempt = new AbortController()
    this.#attempt = attempt
    this.#remote = remote
    this.#fsm.connecting(now())
    this.#enter('connecting')
    try {
      const stream = await this.#dial(remote, this.#options.tls, attempt.signal)
      if (attempt.signal.aborted) stream.destroy()
      else this.#connected(stream, remote)
    } catch (error) {
      if (this.#attempt === attempt) this.#lost(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #connected(stream: Duplex, remote: Remote): void {
    this.#attempt = undefined
    this.stats.connects++
    this.#fsm.connected(now(), this.#probeInterval(remote))
    const { observer, lock } = this.#options
    const link = new Link(
      stream,
      {
        observer,
        lock,
        memory: this.#memory,
        stats: this.stats,
        wanted: () => this.#wanted(),
        patient: this.#rotation.size === 1 && isOneServer(remote),
      },
      this,
    )
    this.#link = link
    this.#enter('handshake')
    link.start()
    this.#schedule()
  }

  #wanted() {
    const { database, leaderOnly = true } = this.#options
    return { database, leaderOnly, cid: this.#list.cid, minIndex: this.#minIndex }
  }

  #probeInterval(remote?: Remote): number {
    return this.#options.probeInterval ?? (remote?.kind === 'unix' ? 0 : PROBE_INTERVAL)
  }

  #probe(): void {
    const link = this.#link
    if (link === undefined) return
    const sent = now()
    link.session
      .call('echo', [], { timeout: 0 })
      .then(() => {
        this.stats.probeRtt = now() - sent
      })
      .catch(() => undefined)
  }

  /** Gives up what there is; the state machine then dials again. */
  #drop(cause: Error): void {
    const attempt = this.#attempt
    this.#attempt = undefined
    attempt?.abort(cause)
    if (this.#link !== undefined) this.#link.close(cause)
    else if (attempt !== undefined) this.#lost(cause)
  }

  #lost(cause: Error): void {
    if (this.#state === 'closed') return
    this.#attempt = undefined
    this.#remote = undefined
    this.#fsm.disconnected(now())
    if (this.#rotation.size === 0) this.#fsm.stop()
    this.#options.logger?.info({ database: this.database, cause: cause.message }, 'ovsdb: connection lost')
    this.#enter(this.#rotation.size === 0 ? 'idle' : 'backoff', cause)
    this.#schedule()
  }

  #close(cause: Error | undefined): void {
    if (this.#state === 'closed') return
    this.#fsm.stop()
    clearTimeout(this.#timer)
    this.#state = 'closed'
    this.#drop(cause ?? new Error('the connection was disposed'))
    this.#memory.conditions.close(new DisconnectedError('monitor_cond_change', false))
    this.#options.observer.state('closed', cause)
  }

  #enter(state: ConnectionState, cause?: Error): void {
    if (this.#state === 'closed' || (this.#state === state && cause === undefined)) return
    this.#state = state
    this.#options.logger?.debug({ database: this.database, remote: this.remote, state }, 'ovsdb: connection state')
    this.#options.observer.state(state, cause)
  }
}

function now(): number {
  return performance.now()
}

/** Whether dialling again would reach the same server: names may stand for every member of a cluster. */
function isOneServer(remote: Remote): boolean {
  return remote.kind === 'unix' || isIP(remote.host.split('%')[0] ?? '') !== 0
}
