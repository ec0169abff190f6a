import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { TransportError } from '../client/errors.ts'
import type { Credentials } from '../config/credentials.ts'

/** Silence on a connection after which the kernel probes the peer; it gives up 10 s later (libuv: 10 probes, 1 s apart). */
export const TCP_KEEPALIVE_MS = 15_000

/** Opens connections to one server, over TLS with whatever certificates are in force at that moment. */
export class Dialer {
  readonly #url: URL
  readonly #credentials: Credentials
  readonly #timeoutMs: number
  readonly #established = new WeakSet<Socket>()
  #session: Buffer | undefined

  /** @param timeoutMs until TCP and TLS are up */
  constructor(server: string, credentials: Credentials, timeoutMs: number) {
    this.#url = new URL(server)
    this.#credentials = credentials
    this.#timeoutMs = timeoutMs
  }

  /** Connecting. What goes wrong, an unreadable certificate too, is an `error` of the socket. */
  dial(): Socket {
    try {
      const secure = this.#url.protocol === 'https:'
      return this.#observed(secure ? this.#secure() : this.#plain(), secure ? 'secureConnect' : 'connect')
    } catch (error) {
      return failing(error)
    }
  }

  /** TCP and TLS were up: bytes may have reached the server. */
  established(socket: Socket): boolean {
    return this.#established.has(socket)
  }

  #observed(socket: Socket, readyEvent: 'connect' | 'secureConnect'): Socket {
    socket.setNoDelay(true)
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS)
    const late = new TransportError('connect', `no connection within ${this.#timeoutMs} ms`, { sent: false })
    const timer = setTimeout(() => socket.destroy(late), this.#timeoutMs)
    socket.once('close', () => clearTimeout(timer))
    return socket.once(readyEvent, () => {
      clearTimeout(timer)
      this.#established.add(socket)
    })
  }

  #plain(): Socket {
    return connectTcp({ host: this.#host, port: Number(this.#url.port || 80) })
  }

  #secure(): Socket {
    const { context, serverName, insecure, renewed } = this.#credentials.tls()
    if (renewed) this.#session = undefined
    const options: ConnectionOptions = {
      host: this.#host,
      port: Number(this.#url.port || 443),
      secureContext: context,
      rejectUnauthorized: !insecure,
      ALPNProtocols: ['http/1.1'],
    }
    const name = serverName ?? (isIP(this.#host) === 0 ? this.#host : undefined)
    if (name !== undefined) options.servername = name
    if (this.#session !== undefined) options.session = this.#session
    const socket = connectTls(options)
    socket.on('session', session => {
      this.#session = session
    })
    return socket
  }

  /** Without the brackets of an IPv6 literal. */
  get #host(): string {
    return this.#url.hostname.replace(/^\[|\]$/g, '')
  }
}

/** A socket that is connecting, and about to fail: `http.Agent` would forget the requests that wait behind one for which there is no socket. */
export function failing(error: unknown): Socket {
  const reason = error instanceof Error ? error : new Error(String(error))
  return connectTcp({ host: 'none', port: 1, lookup: (_host, _options, found) => setImmediate(found, reason, '') })
}
