import { type BulkRow, BulkSplitter } from './bulk.ts'
import { type BulkStart, findBulk } from './bulk-start.ts'
import { ProtocolError } from './errors.ts'
import { isSpace, ObjectScanner } from './scan.ts'

/** What a framer hands out, in the order of the wire. */
export interface FrameSink {
  /** The text of one message. If its table update went out row by row, `null` stands in its place and `split` is true. */
  message(text: string, split: boolean): void
  /** The rows of a big table update follow. Absent: big messages are delivered whole like all others. */
  bulk?(start: BulkStart): BulkRow
}

/** Messages up to this size are parsed whole (about 1 ms); bigger ones are looked at for table updates to split. */
export const WHOLE = 32 * 1024

const OPEN = 0x7b
const NULL = Buffer.from('null')
const EMPTY = Buffer.alloc(0)

/**
 * Cuts a byte stream of concatenated JSON objects into messages. Feed it with {@link add}, let it work with {@link run}, in
 * slices if need be. No byte is scanned twice (except the first 32 KiB of a big message) and chunks are joined only once,
 * when a message that spans several is complete.
 */
export class Framer {
  readonly #sink: FrameSink
  readonly #scanner = new ObjectScanner()
  readonly #queue: Buffer[] = []
  #head = 0
  #at = 0
  #queued = 0
  #held: Buffer[] = []
  #heldBytes = 0
  #open = false
  /** Nothing to split in the current message, or no longer. */
  #whole = false
  #split = false
  #bulk: BulkSplitter | undefined

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** Bytes that were added and not yet worked on. */
  get queued(): number {
    return this.#queued
  }

  /** Takes over the bytes; the caller must not write to them any more. */
  add(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#queue.push(chunk)
    this.#queued += chunk.length
  }

  /** Works until everything is done or `shouldYield` (asked after every message and every few rows) says so. Throws ProtocolError. */
  run(shouldYield: () => boolean): void {
    for (let chunk = this.#queue[this.#head]; chunk !== undefined; chunk = this.#queue[this.#head]) {
      const before = this.#at
      this.#at = this.#consume(chunk, before, shouldYield)
      this.#queued -= this.#at - before
      if (this.#bulk === undefined && !this.#whole && this.#heldBytes >= WHOLE) this.#lookForBulk()
      else if (this.#at === chunk.length) this.#dropHead()
      if (shouldYield()) return
    }
  }

  /** Moves on to the next chunk; room is made now and then, since shifting a long queue each time would be quadratic. */
  #dropHead(): void {
    this.#queue[this.#head++] = EMPTY
    this.#at = 0
    if (this.#head < this.#queue.length && this.#head < 1024) return
    this.#queue.splice(0, this.#head)
    this.#head = 0
  }

  /** One step: up to the end of a message, of a table update, of the look-ahead window or of the chunk. Returns how far it came. */
  #consume(chunk: Buffer, from: number, shouldYield: () => boolean): number {
    if (this.#bulk !== undefined) return this.#consumeBulk(this.#bulk, chunk, from, shouldYield)
    const start = this.#open ? from : this.#openMessage(chunk, from)
    if (start === chunk.length) return start
    const limit = this.#whole ? chunk.length : Math.min(chunk.length, start + WHOLE - this.#heldBytes)
    const end = this.#scanner.scan(chunk, start, limit)
    if (this.#scanner.depth === 0) this.#closeMessage(chunk, start, end)
    else this.#hold(chunk.subarray(start, end))
    return end
  }

  #consumeBulk(bulk: BulkSplitter, chunk: Buffer, from: number, shouldYield: () => boolean): number {
    const at = bulk.consume(chunk, from, shouldYield)
    if (bulk.done) this.#bulk = undefined
    return at
  }

  #openMessage(chunk: Buffer, from: number): number {
    let at = from
    while (at < chunk.length && isSpace(chunk[at])) at++
    if (at === chunk.length) return at
    if (chunk[at] !== OPEN) throw notAnObject(chunk.subarray(at, at + 32))
    this.#open = true
    this.#scanner.reset()
    this.#whole = this.#sink.bulk === undefined
    this.#split = false
    return at
  }

  #closeMessage(chunk: Buffer, start: number, end: number): void {
    const text = this.#heldBytes === 0 ? chunk.toString('utf8', start, end) : this.#joinHeld(chunk.subarray(start, end))
    this.#open = false
    this.#sink.message(text, this.#split)
  }

  #joinHeld(last: Buffer): string {
    this.#hold(last)
    const text = Buffer.concat(this.#held, this.#heldBytes).toString('utf8')
    this.#held = []
    this.#heldBytes = 0
    return text
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
  }

  /** The message got big. If it is a table update, read what is held of it again as rows, and all that follows. */
  #lookForBulk(): void {
    this.#whole = true
    const held = Buffer.concat(this.#held, this.#heldBytes)
    const found = findBulk(held)
    if (found === undefined || this.#sink.bulk === undefined) return
    this.#bulk = new BulkSplitter(found.place, this.#sink.bulk(found))
    this.#split = true
    this.#held = []
    this.#heldBytes = 0
    this.#hold(Buffer.from(held.subarray(0, found.at)))
    this.#hold(NULL)
    this.#scanner.reset(1)
    this.#readAgain(held.subarray(found.at))
  }

  #readAgain(bytes: Buffer): void {
    const rest = this.#queue[this.#head]?.subarray(this.#at)
    this.#queue.splice(this.#head, 1, bytes, ...(rest === undefined || rest.length === 0 ? [] : [rest]))
    this.#queued += bytes.length
    this.#at = 0
  }
}

function notAnObject(bytes: Buffer): ProtocolError {
  return new ProtocolError(`expected '{' at the start of a message, got ${JSON.stringify(bytes.toString('latin1'))}`)
}
