const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d

/**
 * Finds the end of one JSON object in bytes that may be cut anywhere: the state goes on from chunk to chunk. Only braces
 * outside of strings count, which is enough for boundaries; JSON.parse judges the rest. About 1 GB/s.
 */
export class ObjectScanner {
  /** Open braces; 0 after the object's last one. */
  depth = 0
  #inString = false
  #escaped = false

  /** Starts anew, with that many braces open. */
  reset(depth = 0): void {
    this.depth = depth
    this.#inString = false
    this.#escaped = false
  }

  /** Scans `chunk[from, limit)`; returns the index after the object's last brace (then `depth` is 0) or `limit`. */
  scan(chunk: Buffer, from: number, limit: number): number {
    let { depth } = this
    let inString = this.#inString
    let at = this.#escaped ? from + 1 : from
    this.#escaped = false
    while (at < limit) {
      if (inString) {
        at = skipText(chunk, at, limit)
        if (at === limit) break
        if (chunk[at] === QUOTE) {
          inString = false
          at++
        } else at += 2
      } else {
        at = skipStructure(chunk, at, limit)
        if (at === limit) break
        const byte = chunk[at]
        at++
        if (byte === QUOTE) inString = true
        else if (byte === OPEN) depth++
        else if (--depth === 0) break
      }
    }
    this.depth = depth
    this.#inString = inString
    this.#escaped = at > limit
    return Math.min(at, limit)
  }
}

/** To the quote that ends a string or the backslash that escapes something in it. */
function skipText(chunk: Buffer, from: number, limit: number): number {
  let at = from
  while (at < limit) {
    const byte = chunk[at]
    if (byte === QUOTE || byte === BACKSLASH) break
    at++
  }
  return at
}

function skipStructure(chunk: Buffer, from: number, limit: number): number {
  let at = from
  while (at < limit) {
    const byte = chunk[at]
    if (byte === QUOTE || byte === CLOSE || byte === OPEN) break
    at++
  }
  return at
}

/** Whether a byte is white space between JSON tokens. */
export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
