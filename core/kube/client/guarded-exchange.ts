import type { Exchange } from '../http/connection.ts'
import type { ResponseHead } from '../http/response-parser.ts'
import type { Submission } from '../http/submission.ts'
import { TransportError } from './errors.ts'
import type { StreamSink } from './request.ts'

/** Settles a promise by how a request ends: its end, its failure, the signal's abort, or what the sink threw. */
export class GuardedExchange implements Exchange {
  readonly #sink: StreamSink
  readonly #signal: AbortSignal
  readonly #resolve: () => void
  readonly #reject: (reason: unknown) => void
  #submission: Submission | undefined
  #thrown: { readonly error: unknown } | undefined

  constructor(sink: StreamSink, signal: AbortSignal, resolve: () => void, reject: (reason: unknown) => void) {
    this.#sink = sink
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Cancels the submission when the signal aborts. */
  follow(submission: Submission): void {
    this.#submission = submission
    if (!submission.settled) this.#signal.addEventListener('abort', this.#abort)
  }

  head(head: ResponseHead): void {
    this.#guard(() => this.#sink.head(head))
  }

  body(chunk: Buffer): void {
    this.#guard(() => this.#sink.body(chunk))
  }

  end(): void {
    this.#signal.removeEventListener('abort', this.#abort)
    this.#resolve()
  }

  fail(error: TransportError): void {
    this.#signal.removeEventListener('abort', this.#abort)
    if (this.#thrown !== undefined) this.#reject(this.#thrown.error)
    else this.#reject(this.#signal.aborted ? this.#signal.reason : error)
  }

  #guard(deliver: () => void): void {
    try {
      deliver()
    } catch (error) {
      this.#thrown = { error }
      this.#abort()
    }
  }

  readonly #abort = () =>
    this.#submission?.cancel(new TransportError('lost', 'the request was aborted', { sent: true }))
}
