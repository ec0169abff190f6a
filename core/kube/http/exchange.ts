import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { KubeConfigError, TransportError } from '../client/errors.ts'
import type { Dialer } from './dialer.ts'

/** Status line and header fields of a response; field names in lower case, repeated fields joined by ", " (RFC 9110 5.3). */
export interface ResponseHead {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
}

/** Receives a response as it arrives. */
export interface ResponseSink {
  head(head: ResponseHead): void
  body(chunk: Buffer): void
}

/**
 * One request and its response. Ends by the response's end, the connection's failure, the signal's abort or what the sink threw,
 * whichever is first; unless it is the end, the request costs its connection.
 */
export class Exchange {
  /** Rejects with a TransportError, a KubeConfigError (certificates), the signal's reason, or what the sink threw. */
  readonly ended: Promise<void>
  readonly #signal: AbortSignal
  readonly #sink: ResponseSink
  readonly #dialer: Dialer
  readonly #request: ClientRequest
  readonly #settle: PromiseWithResolvers<void>

  constructor(options: RequestOptions, body: string | undefined, { signal, sink, dialer }: ExchangeContext) {
    this.#signal = signal
    this.#sink = sink
    this.#dialer = dialer
    this.#settle = Promise.withResolvers()
    this.ended = this.#settle.promise
    this.#request = request(options)
    this.#request.on('response', response => this.#receive(response))
    this.#request.on('error', error => this.#lost(error))
    signal.addEventListener('abort', this.#abort)
    this.#request.end(body)
  }

  #fail(reason: unknown): void {
    this.#signal.removeEventListener('abort', this.#abort)
    this.#settle.reject(reason)
    this.#request.destroy()
  }

  #receive(response: IncomingMessage): void {
    response.on('data', (chunk: Buffer) => this.#deliver(() => this.#sink.body(chunk)))
    response.on('error', error => this.#lost(error))
    response.on('end', () => {
      this.#signal.removeEventListener('abort', this.#abort)
      this.#settle.resolve()
    })
    this.#deliver(() => this.#sink.head({ status: response.statusCode ?? 0, headers: fieldsOf(response) }))
  }

  #deliver(deliver: () => void): void {
    try {
      if (!this.#request.destroyed) deliver()
    } catch (error) {
      this.#fail(error)
    }
  }

  #lost(error: Error): void {
    const { socket } = this.#request
    this.#fail(described(error, socket !== null && this.#dialer.established(socket)))
  }

  readonly #abort = () => this.#fail(this.#signal.reason)
}

export interface ExchangeContext {
  readonly signal: AbortSignal
  readonly sink: ResponseSink
  readonly dialer: Dialer
}

function fieldsOf({ headers }: IncomingMessage): Map<string, string> {
  const fields = new Map<string, string>()
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) fields.set(name, Array.isArray(value) ? value.join(', ') : value)
  return fields
}

/** @param sent bytes may have reached the server */
function described(error: Error & { code?: string }, sent: boolean): Error {
  if (error instanceof TransportError || error instanceof KubeConfigError) return error
  const { code = '' } = error
  const what = error.message || code
  if (code.startsWith('HPE_'))
    return new TransportError(
      'protocol',
      `expected an HTTP/1.1 response: ${what}. Check that the server address is the API server's.`,
      { sent, cause: error },
    )
  if (sent)
    return new TransportError('lost', `connection lost before the end of the answer: ${what}`, { sent, cause: error })
  return new TransportError(isTlsCode(code) ? 'tls' : 'connect', what, { sent, cause: error })
}

/** Certificate errors of Node and OpenSSL: retrying does not help until a file or the server changes. */
function isTlsCode(code: string): boolean {
  return /CERT|TLS|SSL|UNABLE_TO|SELF_SIGNED/.test(code)
}
