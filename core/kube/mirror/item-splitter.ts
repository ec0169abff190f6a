const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/**
 * How the API server starts the array. In what precedes it (kind, apiVersion, list metadata) these bytes can't be anything else: a
 * quote inside a string is escaped.
 */
const START = Buffer.from('"items":[')

/**
 * Cuts the elements of `items` out of the bytes of a Kubernetes list as they arrive, split anywhere, so that never more
 * than one object of a page exists as a tree, and the page never as a whole. The rest (kind, metadata with `continue`)
 * is kept as the envelope.
 */
export class ItemSplitter {
  readonly #onItem: (json: Buffer) => void
  #phase: 'before' | 'items' | 'after' = 'before'
  #envelope: Buffer[] = []
  /** Earlier pieces of the item that is being received. */
  #pieces: Buffer[] = []
  #depth = 0
  #inString = false
  #escaped = false

  /** @param onItem gets the JSON text of one object; the bytes are valid during the call only */
  constructor(onItem: (json: Buffer) => void) {
    this.#onItem = onItem
  }

  /** The list without its items. Call it after the last push. @throws SyntaxError when the list was cut off */
  envelope(): unknown {
    return JSON.parse(Buffer.concat(this.#envelope).toString('utf8'))
  }

  push(chunk: Buffer): void {
    if (this.#phase === 'before') this.#seek(chunk)
    else if (this.#phase === 'items') this.#scan(chunk, 0)
    else this.#envelope.push(Buffer.from(chunk))
  }

  #seek(chunk: Buffer): void {
    const prologue = Buffer.concat([...this.#envelope, chunk])
    const at = prologue.indexOf(START)
    if (at < 0) {
      this.#envelope = [prologue]
      return
    }
    this.#phase = 'items'
    const start = at + START.length
    this.#envelope = [prologue.subarray(0, start)]
    this.#scan(prologue, start)
  }

  /** One pass over the bytes, about 1 ns each. State is in locals, and saved for an item that goes on in the next chunk. */
  #scan(chunk: Buffer, from: number): void {
    const end = chunk.length
    let depth = this.#depth
    let start = from
    let i = this.#inString ? this.#leaveString(chunk, from) : from
    while (i < end) {
      const byte = chunk[i]
      if (byte === QUOTE) {
        i = this.#leaveString(chunk, i + 1)
        continue
      }
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (depth++ === 0) start = i
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (depth === 0) {
          this.#finish(chunk.subarray(i))
          return
        }
        if (--depth === 0) this.#emit(chunk.subarray(start, i + 1))
      }
      i++
    }
    if (depth > 0) this.#pieces.push(Buffer.from(chunk.subarray(start)))
    this.#depth = depth
  }

  /** Index after the end of the string whose content goes on at `from`; beyond the chunk when it does not end in it. */
  #leaveString(chunk: Buffer, from: number): number {
    const end = chunk.length
    let i = this.#escaped ? from + 1 : from
    let byte: number | undefined
    while (i < end) {
      byte = chunk[i]
      if (byte === QUOTE) {
        this.#inString = false
        this.#escaped = false
        return i + 1
      }
      i += byte === BACKSLASH ? 2 : 1
    }
    this.#inString = true
    this.#escaped = i > end
    return i
  }

  #emit(tail: Buffer): void {
    const json = this.#pieces.length === 0 ? tail : Buffer.concat([...this.#pieces, tail])
    this.#pieces = []
    this.#onItem(json)
  }

  #finish(rest: Buffer): void {
    this.#phase = 'after'
    this.#envelope.push(Buffer.from(rest))
  }
}
