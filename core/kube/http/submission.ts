import type { TransportError } from '../client/errors.ts'
import type { Exchange, HttpConnection } from './connection.ts'
import type { ResponseHead } from './response-parser.ts'

/** A request on its way through the pool: waiting, running or settled. It may be cancelled in any of them. */
export class Submission implements Exchange {
  readonly #request: string
  readonly #exchange: Exchange
  #queue: Set<Submission> | undefined
  #connection: HttpConnection | undefined
  #reused = false
  #settled = false

  constructor(request: string, exchange: Exchange) {
    this.#request = request
    this.#exchange = exchange
  }

  /** It ran on a connection that had served before: a loss without an answer may only mean that the server had closed it. */
  get reused(): boolean {
    return this.#reused
  }

  /** `end` or `fail` was called. */
  get settled(): boolean {
    return this.#settled
  }

  queuedIn(queue: Set<Submission>): void {
    this.#queue = queue
  }

  runOn(connection: HttpConnection): void {
    this.#queue = undefined
    this.#connection = connection
    this.#reused = connection.served > 0
    connection.send(this.#request, this)
  }

  /** Gives up: `fail(reason)` follows unless it is settled already. A request under way costs its connection. */
  cancel(reason: TransportError): void {
    if (this.#settled) return
    if (this.#connection !== undefined) this.#connection.destroy(reason)
    else {
      this.#queue?.delete(this)
      this.fail(reason)
    }
  }

  head(head: ResponseHead): void {
    this.#exchange.head(head)
  }

  body(chunk: Buffer): void {
    this.#exchange.body(chunk)
  }

  end(): void {
    this.#settled = true
    this.#exchange.end()
  }

  fail(error: TransportError): void {
    this.#settled = true
    this.#exchange.fail(error)
  }
}
