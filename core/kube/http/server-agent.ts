import { Agent, type AgentOptions } from 'node:http'
import type { Socket } from 'node:net'
import { TransportError } from '../client/errors.ts'
import { type Dialer, failing, TCP_KEEPALIVE_MS } from './dialer.ts'

export interface PoolOptions {
  /** Most connections at once; more requests wait in order of arrival. Default 32. */
  readonly maxConnections?: number
  /** Idle connections are closed after this long: kube-apiserver closes its side after 90 s, so ours goes first. Default 60,000. */
  readonly idleMs?: number
  /** Until TCP and TLS are up. Default 10,000. */
  readonly connectTimeoutMs?: number
}

/**
 * Node's pool over connections to one server, TLS ones included: `https.Agent` would hold certificates that rotate. The most
 * recently used idle connection is taken first, so that a quiet process falls back to one.
 */
export class ServerAgent extends Agent {
  readonly #dialer: Dialer
  #closed = false

  /** @param pool undefined: no limit, and a connection carries one request (watches) */
  constructor(dialer: Dialer, pool?: PoolOptions) {
    super(pool === undefined ? { keepAlive: false } : poolOf(pool))
    this.#dialer = dialer
  }

  override createConnection(): Socket {
    return this.#closed ? failing(closedError(false)) : this.#dialer.dial()
  }

  /** Connections that are open now, idle ones included. */
  get size(): number {
    return [...connections(this.sockets), ...connections(this.freeSockets)].filter(({ destroyed }) => !destroyed).length
  }

  /** Closes the idle connections: later requests use new ones. */
  dropIdle(): void {
    for (const socket of connections(this.freeSockets)) socket.destroy()
  }

  /**
   * Fails the requests that run, those that wait and those that come later. There is no list of them to go through: such a Set
   * kept dead requests alive from one collection of young garbage to the next (70 MB of heap after 25,000).
   */
  close(): void {
    this.#closed = true
    this.dropIdle()
    for (const socket of connections(this.sockets)) socket.destroy(closedError(true))
  }
}

function poolOf({ maxConnections = 32, idleMs = 60_000 }: PoolOptions): AgentOptions {
  return { keepAlive: true, keepAliveMsecs: TCP_KEEPALIVE_MS, maxSockets: maxConnections, timeout: idleMs }
}

function connections(byName: NodeJS.ReadOnlyDict<Socket[]>): Socket[] {
  return Object.values(byName).flatMap(sockets => sockets ?? [])
}

function closedError(sent: boolean): TransportError {
  return new TransportError('lost', 'the client was closed', { sent })
}
