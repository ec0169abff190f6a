import type { Duplex } from 'node:stream'
import { Framer, type FrameSink } from '../wire/framer.ts'

/** Milliseconds of work per turn of the event loop. */
const SLICE = 4
/** Bytes read ahead of the work before the socket is paused, and where it goes on. */
const HIGH_WATER = 8 * 1024 * 1024
const LOW_WATER = 2 * 1024 * 1024

export interface IntakeHandler {
  /** Bytes arrived, whatever they are. */
  received(bytes: number): void
  /** The work can't go on: the stream ended or broke, or its contents are not understood. Everything before was worked on. */
  finished(cause: Error): void
}

/**
 * Reads the stream and works on it in slices: never longer than some milliseconds per turn of the event loop, however much
 * arrived. Small messages are handled in the turn in which they come.
 */
export class Intake {
  readonly #stream: Duplex
  readonly #handler: IntakeHandler
  readonly #framer: Framer
  readonly #shouldYield = (): boolean => this.#held || this.#stopped || performance.now() > this.#turnEnd
  #turnEnd = 0
  #turnOpen = false
  #running = false
  #held = false
  #stopped = false
  #ended: Error | undefined

  constructor(stream: Duplex, sink: FrameSink, handler: IntakeHandler) {
    this.#stream = stream
    this.#handler = handler
    this.#framer = new Framer(sink)
    stream.on('data', (chunk: Buffer) => this.#take(chunk))
    stream.once('end', () => this.#end(new Error('the server closed the connection')))
    stream.once('error', (cause: Error) => this.#end(cause))
    stream.once('close', () => this.#end(new Error('the connection was closed')))
    // It may have broken before anybody listened.
    if (stream.destroyed) queueMicrotask(() => this.#end(stream.errored ?? new Error('the connection was closed')))
  }

  /** Whether bytes wait to be worked on. */
  get busy(): boolean {
    return this.#held || this.#framer.queued > 0
  }

  /** Works on nothing more until the promise settles; its rejection ends the session. */
  hold(until: Promise<void>): void {
    this.#held = true
    until.then(
      () => {
        this.#held = false
        this.#work()
      },
      (cause: unknown) => this.#fail(cause),
    )
  }

  stop(): void {
    this.#stopped = true
  }

  #take(chunk: Buffer): void {
    if (this.#stopped) return
    this.#handler.received(chunk.length)
    this.#framer.add(chunk)
    if (this.#framer.queued > HIGH_WATER) this.#stream.pause()
    this.#work()
  }

  #end(cause: Error): void {
    this.#ended ??= cause
    this.#work()
  }

  #work(): void {
    if (this.#running || this.#held || this.#stopped) return
    this.#openTurn()
    this.#running = true
    try {
      this.#framer.run(this.#shouldYield)
    } catch (cause) {
      this.#fail(cause)
      return
    } finally {
      this.#running = false
    }
    if (this.#framer.queued < LOW_WATER && this.#stream.isPaused()) this.#stream.resume()
    if (this.#ended !== undefined && !this.busy && !this.#stopped) this.#fail(this.#ended)
  }

  /** One slice per turn, no matter how many chunks a turn brings: libuv reads up to 32 of them before it looks up. */
  #openTurn(): void {
    if (this.#turnOpen) return
    this.#turnOpen = true
    this.#turnEnd = performance.now() + SLICE
    setImmediate(() => {
      this.#turnOpen = false
      if (this.#framer.queued > 0) this.#work()
    })
  }

  #fail(cause: unknown): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#handler.finished(cause instanceof Error ? cause : new Error(String(cause)))
  }
}
