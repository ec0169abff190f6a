import { TransportError } from '../client/errors.ts'
import { type Exchange, HttpConnection } from './connection.ts'
import type { Dialer } from './dialer.ts'
import { Submission } from './submission.ts'

export interface PoolOptions {
  /** Most connections at once; more requests wait in order of arrival. Default 32. */
  readonly maxConnections?: number
  /** Idle connections are closed after this long: kube-apiserver closes its side after 90 s, so ours goes first. Default 60,000. */
  readonly idleMs?: number
  /** Until TCP and TLS are up. Default 10,000. */
  readonly connectTimeoutMs?: number
}

interface Idle {
  readonly connection: HttpConnection
  readonly since: number
}

/**
 * Keep-alive connections to one server. The most recently used idle connection is taken first, so that a quiet process
 * falls back to one. `open` goes around the limit: for watches, which occupy a connection for minutes.
 */
export class ConnectionPool {
  readonly #dialer: Dialer
  readonly #max: number
  readonly #idleMs: number
  readonly #connectTimeoutMs: number
  readonly #pooled = new Set<HttpConnection>()
  readonly #dedicated = new Set<HttpConnection>()
  readonly #queue = new Set<Submission>()
  #idle: Idle[] = []
  #reaper: NodeJS.Timeout | undefined
  #closed = false

  constructor(dialer: Dialer, { maxConnections = 32, idleMs = 60_000, connectTimeoutMs = 10_000 }: PoolOptions = {}) {
    this.#dialer = dialer
    this.#max = maxConnections
    this.#idleMs = idleMs
    this.#connectTimeoutMs = connectTimeoutMs
  }

  /** Connections that are open now: of the pool (idle ones included) and of streams. */
  get size(): { pooled: number; dedicated: number } {
    return { pooled: this.#pooled.size, dedicated: this.#dedicated.size }
  }

  /** Sends on an idle or a new connection, or when one gets free. The result cancels it. */
  submit(request: string, exchange: Exchange): Submission {
    const submission = new Submission(request, exchange)
    const connection = this.#closed ? undefined : this.#takeConnection()
    if (this.#closed) submission.cancel(closedError())
    else if (connection !== undefined) submission.runOn(connection)
    else {
      this.#queue.add(submission)
      submission.queuedIn(this.#queue)
    }
    return submission
  }

  /** Sends on a fresh connection of its own, outside the limit. */
  open(request: string, exchange: Exchange): Submission {
    const submission = new Submission(request, exchange)
    if (this.#closed) submission.cancel(closedError())
    else submission.runOn(this.#dial(this.#dedicated))
    return submission
  }

  /** Closes the idle connections, e.g. when credentials were renewed: later requests use new ones. */
  dropIdle(): void {
    const idle = this.#idle
    this.#idle = []
    for (const { connection } of idle) connection.destroy()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#reaper)
    const reason = closedError()
    for (const submission of [...this.#queue]) submission.cancel(reason)
    for (const connection of [...this.#pooled, ...this.#dedicated]) connection.destroy(reason)
  }

  #takeConnection(): HttpConnection | undefined {
    const connection = this.#idle.pop()?.connection
    if (connection !== undefined) return connection
    return this.#pooled.size < this.#max ? this.#dial(this.#pooled) : undefined
  }

  #dial(group: Set<HttpConnection>): HttpConnection {
    const { socket, readyEvent } = this.#dialer.dial(bytes => connection.received(bytes))
    const connection: HttpConnection = new HttpConnection(
      socket,
      readyEvent,
      this.#connectTimeoutMs,
      (freed, reusable) => this.#freed(freed, reusable && group === this.#pooled),
    )
    group.add(connection)
    return connection
  }

  /** A connection became free or died: the next in the queue gets it, or a new one in its place. */
  #freed(connection: HttpConnection, reusable: boolean): void {
    if (!reusable) {
      this.#pooled.delete(connection)
      this.#dedicated.delete(connection)
      this.#idle = this.#idle.filter(idle => idle.connection !== connection)
      if (!connection.closed) connection.destroy()
    }
    const next = this.#closed ? undefined : first(this.#queue)
    if (next === undefined) {
      if (reusable) this.#rest(connection)
    } else if (reusable || this.#pooled.size < this.#max) {
      this.#queue.delete(next)
      next.runOn(reusable ? connection : this.#dial(this.#pooled))
    }
  }

  #rest(connection: HttpConnection): void {
    this.#idle.push({ connection, since: performance.now() })
    this.#reaper ??= setTimeout(() => this.#reap(), this.#idleMs).unref()
  }

  #reap(): void {
    this.#reaper = undefined
    const before = performance.now() - this.#idleMs
    const expired = this.#idle.filter(idle => idle.since <= before)
    for (const { connection } of expired) connection.destroy()
    const oldest = this.#idle[0]
    if (oldest !== undefined) this.#reaper = setTimeout(() => this.#reap(), Math.max(1, oldest.since - before)).unref()
  }
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  return set.values().next().value
}

function closedError(): TransportError {
  return new TransportError('lost', 'the client was closed', { sent: false })
}
