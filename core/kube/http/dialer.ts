import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { Credentials } from '../config/credentials.ts'

/** Silence on a connection after which the kernel probes the peer; it gives up 10 s later (libuv: 10 probes, 1 s apart). */
const TCP_KEEPALIVE_MS = 15_000

/** A TLS record holds at most 16 KB. */
const READ_BUFFER = 16 * 1024

export interface Dialed {
  readonly socket: Socket
  readonly readyEvent: 'connect' | 'secureConnect'
}

/** Opens connections to one server, over TLS with whatever certificates are in force at that moment. */
export class Dialer {
  readonly #url: URL
  readonly #credentials: Credentials
  #session: Buffer | undefined

  constructor(server: string, credentials: Credentials) {
    this.#url = new URL(server)
    this.#credentials = credentials
  }

  /** @param received gets what arrives; the bytes are valid during the call only, the buffer is used again */
  dial(received: (bytes: Buffer) => void): Dialed {
    const onread = readInto(received)
    const socket = this.#url.protocol === 'http:' ? this.#plain(onread) : this.#secure(onread)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, TCP_KEEPALIVE_MS)
    return { socket, readyEvent: this.#url.protocol === 'http:' ? 'connect' : 'secureConnect' }
  }

  #plain(onread: OnReadOpts): Socket {
    return connectTcp({ host: this.#host, port: Number(this.#url.port || 80), onread })
  }

  #secure(onread: OnReadOpts): Socket {
    const { context, serverName, insecure, renewed } = this.#credentials.tls()
    if (renewed) this.#session = undefined
    const options: ConnectionOptions & { onread: OnReadOpts } = {
      onread,
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

/** One buffer per connection instead of a new one per read: less garbage, and no malloc arenas that grow with a large list. */
function readInto(received: (bytes: Buffer) => void): OnReadOpts {
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER)
  return {
    buffer,
    callback: length => {
      received(buffer.subarray(0, length))
      return true
    },
  }
}
