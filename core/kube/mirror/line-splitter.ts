const NEWLINE = 10

/** Cuts a byte stream into lines. A line that lies within one pushed buffer is a view into it, valid during the call only. */
export class LineSplitter {
  readonly #onLine: (line: Buffer) => void
  #carry: Buffer[] = []

  constructor(onLine: (line: Buffer) => void) {
    this.#onLine = onLine
  }

  push(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#emit(chunk.subarray(start, end))
      start = end + 1
    }
    if (start < chunk.length) this.#carry.push(Buffer.from(chunk.subarray(start)))
  }

  #emit(tail: Buffer): void {
    const line = this.#carry.length === 0 ? tail : Buffer.concat([...this.#carry, tail])
    this.#carry = []
    if (line.length > 0) this.#onLine(line)
  }
}
