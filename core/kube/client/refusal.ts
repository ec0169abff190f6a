import type { ResponseHead, ResponseSink } from '../http/exchange.ts'
import { decodeStatus } from './decode.ts'
import { ApiError, TransportError } from './errors.ts'
import type { KubeRequest, KubeResponse } from './request.ts'
import { parseRetryAfter } from './retry.ts'

/** A refusal is small; of anything larger (a proxy's page) the beginning is enough. */
const MAX_REFUSAL = 64 * 1024

/** Lets a stream's body through unless the status is a refusal, whose body it keeps. */
export class RefusalFilter implements ResponseSink {
  readonly #sink: ResponseSink
  readonly #kept: Buffer[] = []
  #keptLength = 0
  #head: ResponseHead | undefined

  constructor(sink: ResponseSink) {
    this.#sink = sink
  }

  get status(): number {
    return this.#head?.status ?? 0
  }

  get response(): KubeResponse {
    return { status: this.status, headers: this.#head?.headers ?? new Map(), body: Buffer.concat(this.#kept) }
  }

  head(head: ResponseHead): void {
    this.#head = head
    if (head.status < 400) this.#sink.head(head)
  }

  body(chunk: Buffer): void {
    if (this.status < 400) this.#sink.body(chunk)
    else if (this.#keptLength < MAX_REFUSAL) {
      this.#kept.push(Buffer.from(chunk))
      this.#keptLength += chunk.length
    }
  }
}

/** The response, or the ApiError that it is. */
export function accepted(request: KubeRequest, response: KubeResponse): KubeResponse {
  if (response.status >= 400) throw apiError(request, response)
  return response
}

export function apiError(request: KubeRequest, response: KubeResponse): ApiError {
  const retryAfter = parseRetryAfter(response.headers.get('retry-after'))
  return new ApiError(`${request.method} ${request.path}`, response.status, decodeStatus(response), retryAfter)
}

/** Names the call in an error that does not know it. */
export function described(request: KubeRequest, server: string, error: unknown): unknown {
  if (!(error instanceof TransportError)) return error
  const message = `${request.method} ${server}${request.path}: ${error.message}`
  return new TransportError(error.code, message, { sent: error.sent, cause: error })
}
