import { TransportError } from './errors.ts'

/**
 * A signal that aborts with its parent or after `ms`, whichever is first; dispose it when the work is done. Cheaper than
 * AbortSignal.any + AbortSignal.timeout, which keep the timer and a weak link to the parent per call.
 */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #parent: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout
  readonly #follow: () => void

  constructor(parent: AbortSignal | undefined, ms: number) {
    this.#parent = parent
    this.#follow = () => this.#controller.abort(parent?.reason)
    this.#timer = setTimeout(() => this.#controller.abort(timedOut(ms)), ms)
    if (parent?.aborted) this.#follow()
    else parent?.addEventListener('abort', this.#follow, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#parent?.removeEventListener('abort', this.#follow)
  }
}

function timedOut(ms: number): TransportError {
  return new TransportError('timeout', `no answer within ${ms} ms`, { sent: true })
}
