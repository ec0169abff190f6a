import type { Packet } from './packet.ts'

interface Stream {
  /** Sequence number of the byte that comes next. */
  next: number
  /** What came before its turn, by sequence number. */
  readonly early: Map<number, Buffer>
  /** What is no whole message yet. */
  begun: Buffer
}

type Segment = Packet & { readonly tcp: NonNullable<Packet['tcp']> }

/** Connections of one pod that are followed at once: the oldest is given up for a new one. */
const mostStreams = 32
/** A message and its length (RFC 1035, 4.2.2); who holds back more than that is no DNS server that we wait for. */
const mostBytes = 65_537
const mostEarly = 64
const half = 0x8000_0000

/**
 * Messages of DNS over TCP (RFC 7766) out of the segments that a pod receives, in whatever order and however often they come. Only of connections that were seen from their
 * beginning.
 */
export class Streams {
  readonly #streams = new Map<string, Stream>()

  /** @returns the messages that are whole now */
  push(segment: Segment): Buffer[] {
    const key = `${segment.source} ${segment.port}`
    const { syn, sequence, end } = segment.tcp
    if (syn) this.#begin(key, sequence)
    const stream = this.#streams.get(key)
    if (stream === undefined || syn) return []
    const followed = take(stream, sequence, segment.payload)
    const messages = followed ? cut(stream) : []
    if (!followed || (end && stream.early.size === 0)) this.#streams.delete(key)
    return messages
  }

  #begin(key: string, sequence: number): void {
    this.#streams.delete(key)
    const [oldest] = this.#streams.keys()
    if (oldest !== undefined && this.#streams.size >= mostStreams) this.#streams.delete(oldest)
    this.#streams.set(key, { next: (sequence + 1) >>> 0, early: new Map(), begun: Buffer.alloc(0) })
  }
}

/** Puts bytes where they belong. @returns false where there are more than anybody needs */
function take(stream: Stream, sequence: number, payload: Buffer): boolean {
  if (payload.length === 0) return true
  const known = stream.early.get(sequence)
  if (known === undefined || known.length < payload.length) stream.early.set(sequence, Buffer.from(payload))
  for (let found = true; found; ) {
    found = false
    for (const [at, bytes] of stream.early) {
      const done = (stream.next - at) >>> 0
      if (done >= half) continue
      stream.early.delete(at)
      if (done >= bytes.length) continue
      stream.begun = Buffer.concat([stream.begun, bytes.subarray(done)])
      stream.next = (at + bytes.length) >>> 0
      found = true
    }
  }
  return stream.begun.length <= 2 * mostBytes && stream.early.size <= mostEarly
}

/** Takes the whole messages off a stream. */
function cut(stream: Stream): Buffer[] {
  const messages: Buffer[] = []
  while (stream.begun.length >= 2) {
    const end = 2 + stream.begun.readUInt16BE(0)
    if (stream.begun.length < end) break
    messages.push(stream.begun.subarray(2, end))
    stream.begun = stream.begun.subarray(end)
  }
  return messages
}
