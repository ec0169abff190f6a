import { Credentials } from '../config/credentials.ts'
import type { KubeConfig } from '../config/server.ts'
import { Dialer } from '../http/dialer.ts'
import { ConnectionPool, type PoolOptions } from '../http/pool.ts'
import type { ResponseHead } from '../http/response-parser.ts'
import { GuardedExchange } from './guarded-exchange.ts'
import { type KubeRequest, type KubeResponse, type StreamSink, targetOf } from './request.ts'

/** Sends requests as they are: no retries, no meaning of statuses. */
export class Transport {
  readonly #credentials: Credentials
  readonly #pool: ConnectionPool
  readonly #fixedHeaders: string

  constructor(config: KubeConfig, userAgent: string, options: PoolOptions = {}) {
    this.#credentials = new Credentials(config)
    this.#pool = new ConnectionPool(new Dialer(config.server, this.#credentials), options)
    this.#fixedHeaders = `host: ${new URL(config.server).host}\r\nuser-agent: ${safe(userAgent)}\r\naccept: application/json\r\n`
  }

  get connections(): { pooled: number; dedicated: number } {
    return this.#pool.size
  }

  /** The whole response. @throws TransportError, or the reason of `signal` */
  call(request: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
    const chunks: Buffer[] = []
    let head: ResponseHead | undefined
    const sink: StreamSink = {
      head: received => {
        head = received
      },
      body: chunk => {
        chunks.push(Buffer.from(chunk))
      },
    }
    return this.#run(request, signal, sink, false).then(() => {
      const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
      return { status: head?.status ?? 0, headers: head?.headers ?? new Map(), body }
    })
  }

  /**
   * Hands the response to `sink` as it arrives; resolves at its end. `dedicated`: on a connection of its own (watches).
   * @throws TransportError, or the reason of `signal`; whatever the sink throws cuts the connection
   */
  stream(request: KubeRequest, signal: AbortSignal, sink: StreamSink, dedicated = true): Promise<void> {
    return this.#run(request, signal, sink, dedicated)
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
  }

  #run(request: KubeRequest, signal: AbortSignal, sink: StreamSink, dedicated: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const text = this.#format(request)
      const guarded = new GuardedExchange(sink, signal, resolve, reject)
      guarded.follow(dedicated ? this.#pool.open(text, guarded) : this.#pool.submit(text, guarded))
    })
  }

  #format(request: KubeRequest): string {
    const { method, path, query, body } = request
    const authorization = this.#credentials.authorization()
    const auth = authorization === undefined ? '' : `authorization: ${safe(authorization)}\r\n`
    const start = `${method} ${targetOf(path, query)} HTTP/1.1\r\n${this.#fixedHeaders}${auth}`
    if (body === undefined) return `${start}\r\n`
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const type = request.contentType ?? 'application/json'
    return `${start}content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
  }
}

/** No line break ever gets into a header. */
function safe(value: string): string {
  return value.replace(/[\r\n\0]/g, '')
}
