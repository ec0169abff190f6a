import { PagedBits } from './bits.ts'
import { type Cidr, cidrContains, usableRange } from './cidr.ts'
import { type IpAddress, ipFromBigint, ipToBigint } from './ip.ts'
import { type IpRange, intersectRanges, mergeRanges } from './range.ts'

export interface AddressPoolOptions {
  /** Never given out; ranges of another family or outside the network have no effect. */
  readonly exclude?: readonly IpRange[]
  /** As `exclude`, for single addresses that stay whatever `setExcluded` says (the gateway). */
  readonly reserved?: readonly IpAddress[]
}

export type AllocateResult = 'ok' | 'taken' | 'excluded' | 'outside'

// Released addresses whose order is remembered. Beyond it the oldest become ordinary free ones again: in a /64 the
// cursor never comes back, and the list would grow with every pod that ever lived.
const REMEMBERED = 1 << 17

/**
 * Addresses of one network, each given to one owner at a time. `allocateNext` gives addresses that were never used
 * first, in ascending order, then released ones, the longest released first: late packets and stale neighbour entries
 * of an old owner have the most time to die out.
 *
 * Costs nothing per address that is not in use: an IPv6 /64 is as small as an IPv4 /24.
 */
export class AddressPool {
  readonly cidr: Cidr
  readonly #bounds: IpRange
  readonly #reserved: readonly IpRange[]
  readonly #used = new PagedBits()
  /** Released and free again, in the order of release. */
  readonly #released = new Set<bigint>()
  #excluded: readonly IpRange[] = []
  #excludedSize = 0n
  #usedExcluded = 0
  /** Every address below it is used, released or excluded, except for forgotten ones (REMEMBERED). */
  #cursor: bigint
  /** The same for each preferred range, by its bounds; the range's own released ones are looked for only after a release. */
  readonly #preferred = new Map<string, { cursor: bigint; searched: number }>()
  #releases = 0

  constructor(cidr: Cidr, { exclude = [], reserved = [] }: AddressPoolOptions = {}) {
    this.cidr = cidr
    this.#bounds = usableRange(cidr)
    this.#reserved = reserved
      .filter(ip => cidrContains(cidr, ip))
      .map(ip => ({ family: cidr.family, first: ipToBigint(ip), last: ipToBigint(ip) }))
    this.#cursor = this.#bounds.first
    this.setExcluded(exclude)
  }

  /** Addresses in use, those included that were excluded afterwards. */
  get used(): number {
    return this.#used.size
  }

  /** Addresses that `allocateNext` can still give. */
  get available(): bigint {
    const { first, last } = this.#bounds
    return last - first + 1n - this.#excludedSize - BigInt(this.#used.size - this.#usedExcluded)
  }

  has(ip: IpAddress): boolean {
    return cidrContains(this.cidr, ip) && this.#used.has(ipToBigint(ip))
  }

  /** Addresses in use, in no particular order. */
  *addresses(): Generator<IpAddress> {
    for (const value of this.#used.values()) yield ipFromBigint(value, this.cidr.family)
  }

  /** The next free address, from `prefer` if it has one; `undefined` when the pool is exhausted. */
  allocateNext(prefer?: IpRange): IpAddress | undefined {
    const value = (prefer && this.#findIn(prefer)) ?? this.#findNext()
    if (value === undefined) return undefined
    this.#take(value)
    return ipFromBigint(value, this.cidr.family)
  }

  /** Take this address if it is free. */
  allocate(ip: IpAddress): AllocateResult {
    const value = this.#valueOf(ip)
    if (value === undefined) return 'outside'
    if (this.#used.has(value)) return 'taken'
    if (this.#excludedEnd(value) !== undefined) return 'excluded'
    this.#take(value)
    return 'ok'
  }

  /** Take an address that is known to be in use (after a restart), even if it has been excluded since. */
  adopt(ip: IpAddress): Exclude<AllocateResult, 'excluded'> {
    const value = this.#valueOf(ip)
    if (value === undefined) return 'outside'
    if (this.#used.has(value)) return 'taken'
    this.#take(value)
    if (this.#excludedEnd(value) !== undefined) this.#usedExcluded++
    return 'ok'
  }

  /** @returns whether the address was in use. */
  release(ip: IpAddress): boolean {
    if (!cidrContains(this.cidr, ip)) return false
    const value = ipToBigint(ip)
    if (!this.#used.delete(value)) return false
    if (this.#excludedEnd(value) !== undefined) {
      this.#usedExcluded--
      return true
    }
    this.#released.add(value)
    this.#releases++
    if (this.#released.size > REMEMBERED) this.#forgetOldest()
    return true
  }

  /** Exclude these ranges instead of the previous ones. Addresses in use stay in use. */
  setExcluded(ranges: readonly IpRange[]): void {
    this.#excluded = mergeRanges([...ranges, ...this.#reserved], this.#bounds)
    this.#excludedSize = this.#excluded.reduce((sum, { first, last }) => sum + last - first + 1n, 0n)
    this.#usedExcluded = 0
    if (this.#excluded.length > 0) {
      for (const value of this.#used.values()) if (this.#excludedEnd(value) !== undefined) this.#usedExcluded++
      for (const value of this.#released) if (this.#excludedEnd(value) !== undefined) this.#released.delete(value)
    }
    this.#cursor = this.#bounds.first
    this.#preferred.clear()
  }

  #valueOf(ip: IpAddress): bigint | undefined {
    if (!cidrContains(this.cidr, ip)) return undefined
    const value = ipToBigint(ip)
    return value >= this.#bounds.first && value <= this.#bounds.last ? value : undefined
  }

  #take(value: bigint): void {
    this.#used.add(value)
    if (this.#released.size > 0) this.#released.delete(value)
  }

  #findNext(): bigint | undefined {
    const fresh = this.#firstFresh(this.#cursor, this.#bounds.last)
    this.#cursor = fresh === undefined ? this.#bounds.last + 1n : fresh + 1n
    if (fresh !== undefined) return fresh
    for (const oldest of this.#released) return oldest
    if (this.available === 0n) return undefined
    return this.#firstFresh(this.#bounds.first, this.#bounds.last)
  }

  #findIn(preferred: IpRange): bigint | undefined {
    const range = intersectRanges(preferred, this.#bounds)
    if (range === undefined) return undefined
    const known = this.#positionIn(range)
    const fresh = this.#firstFresh(known.cursor, range.last)
    known.cursor = fresh === undefined ? range.last + 1n : fresh + 1n
    if (fresh !== undefined) return fresh
    if (known.searched === this.#releases) return undefined
    for (const value of this.#released) if (value >= range.first && value <= range.last) return value
    known.searched = this.#releases
    return undefined
  }

  #positionIn({ first, last }: IpRange): { cursor: bigint; searched: number } {
    const key = `${first}-${last}`
    const known = this.#preferred.get(key)
    if (known !== undefined) return known
    const position = { cursor: first, searched: -1 }
    this.#preferred.set(key, position)
    return position
  }

  #firstFresh(from: bigint, to: bigint): bigint | undefined {
    for (let value = from; value <= to; value++) {
      const end = this.#excludedEnd(value)
      if (end !== undefined) value = end
      else if (!this.#used.has(value) && !(this.#released.size > 0 && this.#released.has(value))) return value
    }
    return undefined
  }

  /** Last address of the excluded range around `value`. Binary search: excludes may be many. */
  #excludedEnd(value: bigint): bigint | undefined {
    let low = 0
    let high = this.#excluded.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const range = this.#excluded[middle]
      if (range === undefined || value < range.first) high = middle
      else if (value > range.last) low = middle + 1
      else return range.last
    }
    return undefined
  }

  #forgetOldest(): void {
    for (const oldest of this.#released) {
      this.#released.delete(oldest)
      return
    }
  }
}
