import { setImmediate } from 'node:timers/promises'
import {
  type Acknowledgement,
  eachMessage,
  frame,
  type Message,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  parseAcknowledgement,
  parseDone,
} from './codec/message.ts'
import { LinuxError } from './errors.ts'
import { type Received, receiveBuffer } from './socket.ts'

const EINTR = 4
const EBADF = 9
const ENOBUFS = 105
/** Acknowledgements of so many requests fit into the socket's queue at once. */
const maxBatch = 64
const maxDumpAttempts = 20
/** Datagrams of a dump (32 KiB each) read before other events get their turn. */
const dumpSlice = 8

/** What a channel needs of a socket: NetlinkSocket. */
export interface RequestSocket extends Disposable {
  write(data: Buffer): Promise<void>
  receive(): Received
}

export interface Request<T> {
  readonly type: number
  /** Beyond NLM_F_REQUEST and NLM_F_ACK. */
  readonly flags?: number
  readonly body: Uint8Array
  /** What is attempted, for errors: "add address 10.0.0.2/24 to link 5". */
  readonly attempted: () => string
  /** Decodes an answer; undefined ones are left out. */
  readonly parse?: (message: Message) => T | undefined
}

interface Pending {
  readonly request: Request<unknown>
  readonly dump: boolean
  sequence: number
  attempts: number
  interrupted: boolean
  deliver(message: Message): void
  clear(): void
  settle(error?: Error): void
  settled: boolean
}

/**
 * Requests and their answers on one socket.
 *
 * Requests made in the same turn of the event loop travel in one send, and the kernel handles them in this order: a pod's link,
 * addresses and routes cost one system call. Each has its own outcome; one that fails does not stop the next.
 */
export class RequestChannel implements Disposable {
  readonly #socket: RequestSocket
  readonly #queue: Pending[] = []
  #running = false
  #closed = false
  #sequence = 0

  constructor(socket: RequestSocket) {
    this.#socket = socket
  }

  /** Resolves to the parsed answers (none for a plain change). Rejects with LinuxError. */
  request<T>(request: Request<T>): Promise<T[]> {
    return this.#enqueue(request, false)
  }

  /** A dump: all objects of a kind. Repeated when they changed while they were being read (NLM_F_DUMP_INTR). */
  dump<T>(request: Request<T>): Promise<T[]> {
    return this.#enqueue(request, true)
  }

  /** Requests not yet sent are rejected; the socket closes when the kernel is done with those that were. */
  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#closed = true
    for (const pending of this.#queue.splice(0)) pending.settle(closedError(pending.request))
    if (!this.#running) this.#socket[Symbol.dispose]()
  }

  #enqueue<T>(request: Request<T>, dump: boolean): Promise<T[]> {
    if (this.#closed) return Promise.reject(closedError(request))
    return new Promise((resolve, reject) => {
      this.#queue.push(pendingOf(request, dump, resolve, reject))
      if (this.#running) return
      this.#running = true
      queueMicrotask(() => void this.#run())
    })
  }

  async #run(): Promise<void> {
    for (let batch = this.#nextBatch(); batch.length > 0; batch = this.#nextBatch()) {
      try {
        await this.#socket.write(Buffer.concat(batch.map(pending => this.#encode(pending))))
        if (batch[0]?.dump) await this.#receiveDump(batch[0])
        else this.#receiveAnswers(batch)
      } catch (error) {
        for (const pending of batch) pending.settle(errorOf(error, pending.request))
      }
    }
    this.#running = false
    if (this.#closed) this.#socket[Symbol.dispose]()
  }

  /** One dump (the kernel runs one per socket), or as many other requests as may go together. */
  #nextBatch(): Pending[] {
    const dumpAt = this.#queue.findIndex(pending => pending.dump)
    if (dumpAt === 0) return this.#queue.splice(0, 1)
    return this.#queue.splice(0, dumpAt === -1 ? maxBatch : Math.min(dumpAt, maxBatch))
  }

  #encode(pending: Pending): Buffer {
    this.#sequence = (this.#sequence + 1) >>> 0
    pending.sequence = this.#sequence
    const { type, flags = 0, body } = pending.request
    return frame(type, NLM_F_REQUEST | flags | (pending.dump ? NLM_F_DUMP : NLM_F_ACK), this.#sequence, body)
  }

  /** The answers are complete when the send returns (netlink_rcv_skb), so an empty socket means that one was lost. */
  #receiveAnswers(batch: Pending[]): void {
    const open = new Map(batch.map(pending => [pending.sequence, pending]))
    while (open.size > 0) {
      const received = this.#socket.receive()
      if (received === 'empty') break
      if (received === 'overrun') continue
      eachMessage(receiveBuffer, received, message => {
        const pending = open.get(message.sequence)
        if (pending && handle(pending, message)) open.delete(message.sequence)
      })
    }
    for (const pending of open.values()) {
      const detail = 'the answer was lost; whether it was done is not known'
      pending.settle(new LinuxError(pending.request.attempted(), ENOBUFS, detail))
    }
  }

  async #receiveDump(pending: Pending): Promise<void> {
    for (let datagrams = 1; ; datagrams++) {
      const received = this.#socket.receive()
      if (received === 'empty' || received === 'overrun') {
        if (received === 'overrun') pending.interrupted = true
        else throw new LinuxError(pending.request.attempted(), ENOBUFS, 'the end of the list was lost')
        continue
      }
      let complete = false
      eachMessage(receiveBuffer, received, message => {
        if (message.sequence === pending.sequence) complete = handle(pending, message) || complete
      })
      if (complete) break
      if (datagrams % dumpSlice === 0) await setImmediate()
    }
    if (!pending.settled) this.#repeat(pending)
  }

  #repeat(pending: Pending): void {
    pending.clear()
    pending.interrupted = false
    pending.attempts++
    if (this.#closed) pending.settle(closedError(pending.request))
    else if (pending.attempts < maxDumpAttempts) this.#queue.unshift(pending)
    else
      pending.settle(
        new LinuxError(
          pending.request.attempted(),
          EINTR,
          `the list changed during each of ${maxDumpAttempts} readings`,
        ),
      )
  }
}

/** True when this was the request's last message. A dump that was interrupted ends unsettled. */
function handle(pending: Pending, message: Message): boolean {
  if (message.flags & NLM_F_DUMP_INTR && pending.dump) pending.interrupted = true
  if (message.type === NLMSG_ERROR) return finish(pending, parseAcknowledgement(message))
  if (message.type === NLMSG_DONE) return finish(pending, parseDone(message))
  pending.deliver(message)
  return false
}

function finish(pending: Pending, { errno, detail }: Acknowledgement): boolean {
  if (errno !== 0) pending.settle(new LinuxError(pending.request.attempted(), errno, detail))
  else if (!pending.interrupted) pending.settle()
  return true
}

function pendingOf<T>(
  request: Request<T>,
  dump: boolean,
  resolve: (answers: T[]) => void,
  reject: (error: Error) => void,
): Pending {
  let answers: T[] = []
  return {
    request,
    dump,
    sequence: 0,
    attempts: 0,
    interrupted: false,
    settled: false,
    deliver(message) {
      const answer = request.parse?.(message)
      if (answer !== undefined) answers.push(answer)
    },
    clear() {
      answers = []
    },
    settle(error) {
      if (this.settled) return
      this.settled = true
      if (error) reject(error)
      else resolve(answers)
    },
  }
}

const closedError = ({ attempted }: Request<unknown>): LinuxError =>
  new LinuxError(attempted(), EBADF, 'this Netlink was closed')

/** A failed send or read in the words of the request; anything else, such as an answer that can't be read, as it is. */
function errorOf(error: unknown, { attempted }: Request<unknown>): Error {
  if (error instanceof LinuxError) return new LinuxError(attempted(), error.errno, error.detail ?? error.attempted)
  return new Error(`${attempted()}: the kernel's answer can't be read`, { cause: error })
}
