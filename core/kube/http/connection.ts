import type { Socket } from 'node:net'
import { TransportError } from '../client/errors.ts'
import { type ResponseHead, ResponseParser, type ResponseSink } from './response-parser.ts'

/** What one request on a connection reports. Exactly one of `end` and `fail` is called, once. */
export interface Exchange {
  head(head: ResponseHead): void
  body(chunk: Buffer): void
  end(): void
  fail(error: TransportError): void
}

/**
 * One socket that carries one request at a time (HTTP/1.1 without pipelining). `fail` tells apart a request that never left
 * (safe to send again) from one whose fate is unknown.
 */
export class HttpConnection implements ResponseSink {
  readonly #socket: Socket
  readonly #released: (connection: HttpConnection, reusable: boolean) => void
  #exchange: Exchange | undefined
  #parser: ResponseParser | undefined
  #ready = false
  #closed = false
  #served = 0

  /**
   * @param socket connecting or connected; `readyEvent` is `connect` or `secureConnect`
   * @param released called when the connection is free again (reusable) or will never be (not)
   */
  constructor(
    socket: Socket,
    readyEvent: 'connect' | 'secureConnect',
    connectTimeoutMs: number,
    released: (connection: HttpConnection, reusable: boolean) => void,
  ) {
    this.#socket = socket
    this.#released = released
    const timer = setTimeout(() => this.#timedOut(connectTimeoutMs), connectTimeoutMs)
    socket.once(readyEvent, () => {
      clearTimeout(timer)
      this.#ready = true
    })
    socket.on('end', () => this.#peerClosed())
    socket.on('error', error => this.#broken(error))
    socket.on('close', () => {
      clearTimeout(timer)
      this.#broken(undefined)
    })
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Requests answered so far: after the first one an immediate loss usually means that the server closed an idle connection. */
  get served(): number {
    return this.#served
  }

  send(request: string, exchange: Exchange): void {
    this.#exchange = exchange
    this.#parser = new ResponseParser(this)
    this.#socket.write(request)
  }

  /** Cuts the connection, whatever is under way. */
  destroy(reason?: TransportError): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.destroy()
    const exchange = this.#takeExchange()
    this.#released(this, false)
    if (exchange !== undefined) exchange.fail(reason ?? this.#lost('the request was given up', undefined))
  }

  head(head: ResponseHead): void {
    this.#exchange?.head(head)
  }

  body(chunk: Buffer): void {
    this.#exchange?.body(chunk)
  }

  end(reusable: boolean): void {
    if (this.#closed) return
    const exchange = this.#takeExchange()
    this.#served++
    if (reusable) this.#released(this, true)
    else {
      this.#closed = true
      this.#socket.destroy()
      this.#released(this, false)
    }
    exchange?.end()
  }

  /** Bytes from the socket, valid during the call. */
  received(chunk: Buffer): void {
    if (this.#closed) return
    try {
      if (this.#parser === undefined) this.destroy()
      else this.#parser.push(chunk)
    } catch (error) {
      this.destroy(error instanceof TransportError ? error : this.#lost('the response could not be read', error))
    }
  }

  #peerClosed(): void {
    if (this.#closed) return
    if (this.#parser?.close() === true) return
    this.destroy(this.#lost('the server closed the connection', undefined))
  }

  #broken(error: (Error & { code?: string }) | undefined): void {
    if (this.#closed) return
    this.destroy(this.#lost(error?.message ?? 'the connection was closed', error))
  }

  #timedOut(ms: number): void {
    if (this.#ready || this.#closed) return
    this.destroy(new TransportError('connect', `no connection within ${ms} ms`, { sent: false }))
  }

  #lost(what: string, cause: unknown): TransportError {
    if (this.#ready)
      return new TransportError('lost', `connection lost before the end of the answer: ${what}`, { sent: true, cause })
    const code = isTlsError(cause) ? 'tls' : 'connect'
    return new TransportError(code, what, { sent: false, cause })
  }

  #takeExchange(): Exchange | undefined {
    const exchange = this.#exchange
    this.#exchange = undefined
    this.#parser = undefined
    return exchange
  }
}

/** Certificate errors of Node and OpenSSL: retrying does not help until a file or the server changes. */
function isTlsError(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  return /CERT|TLS|SSL|ERR_TLS|UNABLE_TO|SELF_SIGNED/.test(String(error.code))
}
