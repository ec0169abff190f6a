import type { OutgoingHttpHeaders } from 'node:http'
import { Credentials } from '../config/credentials.ts'
import type { KubeConfig } from '../config/server.ts'
import { Dialer } from '../http/dialer.ts'
import { Exchange, type ResponseHead, type ResponseSink } from '../http/exchange.ts'
import { type PoolOptions, ServerAgent } from '../http/server-agent.ts'
import { type KubeRequest, type KubeResponse, targetOf } from './request.ts'

/** Sends requests as they are: no retries, no meaning of statuses. */
export class Transport {
  readonly #credentials: Credentials
  readonly #dialer: Dialer
  readonly #pool: ServerAgent
  /** Watches occupy a connection for minutes. */
  readonly #dedicated: ServerAgent
  readonly #fixedHeaders: OutgoingHttpHeaders

  constructor(config: KubeConfig, userAgent: string, options: PoolOptions = {}) {
    this.#credentials = new Credentials(config)
    this.#dialer = new Dialer(config.server, this.#credentials, options.connectTimeoutMs ?? 10_000)
    this.#pool = new ServerAgent(this.#dialer, options)
    this.#dedicated = new ServerAgent(this.#dialer)
    this.#fixedHeaders = { host: new URL(config.server).host, 'user-agent': userAgent, accept: 'application/json' }
  }

  get connections(): { pooled: number; dedicated: number } {
    return { pooled: this.#pool.size, dedicated: this.#dedicated.size }
  }

  /** The whole response. @throws TransportError, or the reason of `signal` */
  async call(request: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
    const chunks: Buffer[] = []
    let head: ResponseHead | undefined
    const sink: ResponseSink = {
      head: received => {
        head = received
      },
      body: chunk => {
        chunks.push(chunk)
      },
    }
    await this.stream(request, signal, sink, false)
    const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
    return { status: head?.status ?? 0, headers: head?.headers ?? new Map(), body }
  }

  /**
   * Hands the response to `sink` as it arrives; resolves at its end. `dedicated`: on a connection of its own (watches).
   * @throws TransportError, or the reason of `signal`; whatever the sink throws cuts the connection
   */
  async stream(request: KubeRequest, signal: AbortSignal, sink: ResponseSink, dedicated = true): Promise<void> {
    signal.throwIfAborted()
    await this.#begin(request, signal, sink, dedicated ? this.#dedicated : this.#pool).ended
  }

  /** Reads the token file again at the next request, whatever its age. True when the credentials changed by that. */
  refreshCredentials(): boolean {
    const before = this.#credentials.authorization()
    return this.#credentials.authorization(true) !== before
  }

  dropIdle(): void {
    this.#pool.dropIdle()
  }

  close(): void {
    this.#pool.close()
    this.#dedicated.close()
  }

  #begin(request: KubeRequest, signal: AbortSignal, sink: ResponseSink, agent: ServerAgent): Exchange {
    const { method, path, query, body } = request
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const options = { agent, method, path: targetOf(path, query), headers: this.#headers(request, text) }
    return new Exchange(options, text, { signal, sink, dialer: this.#dialer })
  }

  #headers({ contentType = 'application/json' }: KubeRequest, body: string | undefined): OutgoingHttpHeaders {
    const headers = { ...this.#fixedHeaders }
    const authorization = this.#credentials.authorization()
    if (authorization !== undefined) headers.authorization = authorization
    if (body === undefined) return headers
    headers['content-type'] = contentType
    headers['content-length'] = Buffer.byteLength(body)
    return headers
  }
}
