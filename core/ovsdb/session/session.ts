import type { Duplex } from 'node:stream'
import type { BulkRow } from '../wire/bulk.ts'
import type { BulkStart } from '../wire/bulk-start.ts'
import {
  encodeErrorReply,
  encodeNotification,
  encodeReply,
  encodeRequest,
  type Message,
  parseMessage,
} from '../wire/envelope.ts'
import { ProtocolError } from '../wire/errors.ts'
import type { Json, JsonArray } from '../wire/json.ts'
import { deadlineOf } from './deadlines.ts'
import { DisconnectedError, RpcError, TimeoutError } from './errors.ts'
import { Intake } from './intake.ts'
import { Outbox, type Outgoing } from './outbox.ts'

/** What a session tells its owner, in the order of the wire. A throw ends the session with that error. */
export interface SessionHandler {
  /** A notification; `split` = its table update went out through {@link bulk}. */
  notification(method: string, params: JsonArray, split: boolean): void
  /** The rows of a big table update follow. Absent: big messages are delivered whole. */
  bulk?(start: BulkStart): BulkRow
  /** Bytes arrived. */
  received?(bytes: number): void
  sent?(bytes: number): void
  /** A message is about to be handled. */
  message?(): void
  /** The session is over, once; all calls have failed. */
  closed(cause: Error): void
}

export interface SessionCallOptions {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds; default by method ({@link deadlineOf}), 0 = none. */
  readonly timeout?: number | undefined
  /** Called with a successful result at its place in the order of the wire, before anything later is looked at. */
  readonly onReply?: ((result: Json, split: boolean) => void) | undefined
}

interface Pending {
  readonly method: string
  readonly message: Outgoing
  readonly onReply: SessionCallOptions['onReply']
  readonly resolve: (result: Json) => void
  readonly reject: (error: unknown) => void
  readonly release: () => void
}

/**
 * A JSON-RPC session over any byte stream. Calls are pipelined and may be answered out of order; `echo` requests of the peer
 * are answered here. A stream is used for one session and destroyed with it.
 */
export class Session {
  readonly #stream: Duplex
  readonly #handler: SessionHandler
  readonly #intake: Intake
  readonly #outbox: Outbox
  readonly #pending = new Map<number, Pending>()
  #lastId = 0
  #closed: Error | undefined

  constructor(stream: Duplex, handler: SessionHandler) {
    this.#stream = stream
    this.#handler = handler
    this.#outbox = new Outbox(stream, bytes => handler.sent?.(bytes))
    const message = (text: string, split: boolean): void => this.#dispatch(parseMessage(text), split)
    const sink = handler.bulk === undefined ? { message } : { message, bulk: handler.bulk.bind(handler) }
    this.#intake = new Intake(stream, sink, {
      received: bytes => handler.received?.(bytes),
      finished: cause => this.close(cause),
    })
  }

  /** Whether received bytes wait to be worked on. */
  get busy(): boolean {
    return this.#intake.busy
  }

  /** Looks at nothing that came later until the promise settles; its rejection ends the session. */
  hold(until: Promise<void>): void {
    this.#intake.hold(until)
  }

  /**
   * Sends a request. Rejects with RpcError, DisconnectedError, TimeoutError, EncodeError or the signal's reason. After a
   * timeout or abort a `transact` is cancelled at the server, whose answer (it may give none) is no longer waited for.
   */
  call(method: string, params: JsonArray, options: SessionCallOptions = {}): Promise<Json> {
    const { signal } = options
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#closed !== undefined) return Promise.reject(new DisconnectedError(method, false, this.#closed))
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      const message = this.#outbox.push(encodeRequest(id, method, params))
      const release = this.#limit(id, method, message, options)
      this.#pending.set(id, { method, message, onReply: options.onReply, resolve, reject, release })
    })
  }

  /** Sends a notification, to which there is no reply. */
  notify(method: string, params: JsonArray): void {
    if (this.#closed === undefined) this.#outbox.push(encodeNotification(method, params))
  }

  /** Ends the session; calls in flight reject with DisconnectedError. Does nothing the second time. */
  close(cause: Error): void {
    if (this.#closed !== undefined) return
    this.#closed = cause
    this.#intake.stop()
    this.#stream.destroy()
    this.#handler.closed(cause)
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const call of pending) {
      call.release()
      call.reject(new DisconnectedError(call.method, call.message.sent, cause))
    }
  }

  /** Arms deadline and abort; the returned function disarms them. */
  #limit(id: number, method: string, message: Outgoing, options: SessionCallOptions): () => void {
    const milliseconds = options.timeout ?? deadlineOf(method)
    const { signal } = options
    const timer =
      milliseconds > 0
        ? setTimeout(() => this.#abandon(id, new TimeoutError(method, milliseconds, message.sent)), milliseconds)
        : undefined
    const abort = (): void => this.#abandon(id, signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    return () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  }

  #abandon(id: number, reason: unknown): void {
    const call = this.#take(id)
    if (call === undefined) return
    call.message.dropped = true
    // Servers don't answer a cancelled transaction unless the session is change-aware: settled here, not by their answer.
    if (call.message.sent && call.method === 'transact') this.notify('cancel', [id])
    call.reject(reason)
  }

  #take(id: Json): Pending | undefined {
    if (typeof id !== 'number') return undefined
    const call = this.#pending.get(id)
    this.#pending.delete(id)
    call?.release()
    return call
  }

  #dispatch(message: Message, split: boolean): void {
    this.#handler.message?.()
    const { kind } = message
    if (kind === 'notification') this.#handler.notification(message.method, message.params, split)
    else if (kind === 'request') this.#serve(message.method, message.params, message.id)
    else if (kind === 'reply') this.#settle(message.id, call => succeed(call, message.result, split))
    else this.#settle(message.id, call => call.reject(new RpcError(call.method, message.error)))
  }

  #serve(method: string, params: JsonArray, id: Json): void {
    this.#outbox.push(method === 'echo' ? encodeReply(id, params) : encodeErrorReply(id, 'unknown method'))
  }

  #settle(id: Json, settle: (call: Pending) => void): void {
    const call = this.#take(id)
    if (call !== undefined) settle(call)
    else if (typeof id !== 'number' || id > this.#lastId || id < 1)
      throw new ProtocolError(`got a reply to a request that was never made (id ${JSON.stringify(id)})`)
  }
}

function succeed(call: Pending, result: Json, split: boolean): void {
  try {
    call.onReply?.(result, split)
  } catch (error) {
    call.reject(error)
    throw error
  }
  call.resolve(result)
}
