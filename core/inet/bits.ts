const PAGE_BITS = 4096
const PAGE_SHIFT = 12n
const PAGE_MASK = 4095n

/** A set of unsigned integers of any size, as bits in pages that exist only where a bit is set. */
export class PagedBits {
  #pages = new Map<bigint, Uint32Array>()
  #size = 0
  // Neighbours are asked one after the other: the last page answers most of it without a hash lookup.
  #lastKey = -1n
  #lastPage: Uint32Array | undefined

  get size(): number {
    return this.#size
  }

  has(n: bigint): boolean {
    const page = this.#page(n >> PAGE_SHIFT)
    if (page === undefined) return false
    const bit = Number(n & PAGE_MASK)
    return (((page[bit >>> 5] ?? 0) >>> (bit & 31)) & 1) === 1
  }

  /** @returns whether the bit was clear before. */
  add(n: bigint): boolean {
    const key = n >> PAGE_SHIFT
    const page = this.#page(key) ?? this.#create(key)
    const bit = Number(n & PAGE_MASK)
    const word = page[bit >>> 5] ?? 0
    const mask = 1 << (bit & 31)
    if ((word & mask) !== 0) return false
    page[bit >>> 5] = word | mask
    this.#size++
    return true
  }

  /** @returns whether the bit was set before. */
  delete(n: bigint): boolean {
    const page = this.#page(n >> PAGE_SHIFT)
    if (page === undefined) return false
    const bit = Number(n & PAGE_MASK)
    const word = page[bit >>> 5] ?? 0
    const mask = 1 << (bit & 31)
    if ((word & mask) === 0) return false
    page[bit >>> 5] = word & ~mask
    this.#size--
    return true
  }

  *values(): Generator<bigint> {
    for (const [key, page] of this.#pages) {
      for (const [index, word] of page.entries()) {
        for (let bit = 0; word >>> bit !== 0 && bit < 32; bit++) {
          if (((word >>> bit) & 1) === 1) yield (key << PAGE_SHIFT) + BigInt(index * 32 + bit)
        }
      }
    }
  }

  #page(key: bigint): Uint32Array | undefined {
    if (key !== this.#lastKey) {
      this.#lastKey = key
      this.#lastPage = this.#pages.get(key)
    }
    return this.#lastPage
  }

  #create(key: bigint): Uint32Array {
    const page = new Uint32Array(PAGE_BITS / 32)
    this.#pages.set(key, page)
    this.#lastKey = key
    this.#lastPage = page
    return page
  }
}
