/**
 * Netlink attributes: type-length-value, native byte order (every machine we support is little-endian), padded to four
 * bytes (netlink(7)).
 */
const NLA_F_NESTED = 0x8000
const NLA_TYPE_MASK = 0x3fff
const attributeHeader = 4

const align = (n: number): number => (n + 3) & ~3

/** Builds one netlink message body. Grows as needed; `bytes()` is a view of what was written. */
export class Writer {
  #buffer: Buffer
  #length = 0

  constructor(capacity = 256) {
    this.#buffer = Buffer.alloc(capacity)
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** A fixed header of `size` bytes, filled by `fill` with its start. */
  header(size: number, fill: (buffer: Buffer, start: number) => void): this {
    const start = this.#reserve(size)
    fill(this.#buffer, start)
    return this
  }

  u8(type: number, value: number): this {
    const at = this.#attribute(type, 1)
    this.#buffer.writeUInt8(value, at)
    return this
  }

  u16(type: number, value: number): this {
    const at = this.#attribute(type, 2)
    this.#buffer.writeUInt16LE(value, at)
    return this
  }

  u32(type: number, value: number): this {
    const at = this.#attribute(type, 4)
    this.#buffer.writeUInt32LE(value, at)
    return this
  }

  /** Network byte order, as netfilter wants its numbers. */
  be16(type: number, value: number): this {
    const at = this.#attribute(type, 2)
    this.#buffer.writeUInt16BE(value, at)
    return this
  }

  be32(type: number, value: number): this {
    const at = this.#attribute(type, 4)
    this.#buffer.writeUInt32BE(value, at)
    return this
  }

  raw(type: number, value: Uint8Array): this {
    const at = this.#attribute(type, value.length)
    this.#buffer.set(value, at)
    return this
  }

  /** Text with its closing zero. */
  text(type: number, value: string): this {
    const at = this.#attribute(type, Buffer.byteLength(value) + 1)
    this.#buffer.write(value, at, 'utf8')
    return this
  }

  /** An attribute that holds what `fill` writes. */
  nest(type: number, fill: (writer: this) => void): this {
    const start = this.#reserve(attributeHeader)
    fill(this)
    this.#buffer.writeUInt16LE(this.#length - start, start)
    this.#buffer.writeUInt16LE(type | NLA_F_NESTED, start + 2)
    return this
  }

  /** Starts an attribute and returns where its value goes. */
  #attribute(type: number, size: number): number {
    const start = this.#reserve(attributeHeader + size)
    this.#buffer.writeUInt16LE(attributeHeader + size, start)
    this.#buffer.writeUInt16LE(type, start + 2)
    return start + attributeHeader
  }

  /** Reserves `size` zero bytes, padded to four, and returns where they start. */
  #reserve(size: number): number {
    const start = this.#length
    const end = start + align(size)
    if (end > this.#buffer.length) this.#grow(end)
    this.#length = end
    return start
  }

  #grow(needed: number): void {
    const larger = Buffer.alloc(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(larger)
    this.#buffer = larger
  }
}

/**
 * Walks the attributes in `buffer[start, end)` without allocating:
 *
 *     while (reader.next()) if (reader.type === IFLA_MTU) mtu = reader.u32()
 *
 * A malformed length ends the walk, as the kernel's own macros do.
 */
export class Reader {
  type = 0
  /** The value's bounds in the buffer. */
  start: number
  end: number
  readonly buffer: Buffer
  readonly #limit: number
  #next: number

  constructor(buffer: Buffer, start: number, end: number) {
    this.buffer = buffer
    this.start = start
    this.end = start
    this.#next = start
    this.#limit = end
  }

  next(): boolean {
    const at = this.#next
    if (at + attributeHeader > this.#limit) return false
    const length = this.buffer.readUInt16LE(at)
    if (length < attributeHeader || at + length > this.#limit) return false
    this.type = this.buffer.readUInt16LE(at + 2) & NLA_TYPE_MASK
    this.start = at + attributeHeader
    this.end = at + length
    this.#next = at + align(length)
    return true
  }

  get size(): number {
    return this.end - this.start
  }

  u8(): number {
    return this.buffer.readUInt8(this.start)
  }

  u16(): number {
    return this.buffer.readUInt16LE(this.start)
  }

  u32(): number {
    return this.buffer.readUInt32LE(this.start)
  }

  be16(): number {
    return this.buffer.readUInt16BE(this.start)
  }

  be32(): number {
    return this.buffer.readUInt32BE(this.start)
  }

  text(): string {
    const zero = this.buffer.indexOf(0, this.start)
    return this.buffer.toString('utf8', this.start, zero === -1 || zero > this.end ? this.end : zero)
  }

  nested(): Reader {
    return new Reader(this.buffer, this.start, this.end)
  }

  /** A copy of the value, which outlives the buffer. */
  copy(): Buffer {
    return Buffer.from(this.buffer.subarray(this.start, this.end))
  }
}
