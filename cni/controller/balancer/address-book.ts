import {
  type Family,
  type IpAddress,
  type IpRange,
  ipFamily,
  ipFromBigint,
  ipToBigint,
  mergeRanges,
} from '@ovnkit/inet'

export type TakeResult = 'ok' | 'taken' | 'excluded' | 'outside'

interface Part {
  readonly range: IpRange
  /** Sorted, disjoint, inside `range`. */
  excluded: readonly IpRange[]
  /** Where the search for the next address begins: an address is given again as late as can be. */
  cursor: bigint
}

/** The addresses of one LoadBalancerPool, any ranges of both families, and whose they are. */
export class AddressBook {
  readonly #parts: readonly Part[]
  readonly #holders = new Map<IpAddress, string>()

  /** @param ranges disjoint */
  constructor(ranges: readonly IpRange[]) {
    this.#parts = ranges.map(range => ({ range, excluded: [], cursor: range.first }))
  }

  get used(): number {
    return this.#holders.size
  }

  /** Whether these are its ranges. */
  isOf(ranges: readonly IpRange[]): boolean {
    return (
      ranges.length === this.#parts.length &&
      this.#parts.every(({ range }, i) => range.first === ranges[i]?.first && range.last === ranges[i]?.last)
    )
  }

  /** Whether a Service has an address. */
  holds(holder: string): boolean {
    return this.#holders.values().some(one => one === holder)
  }

  holder(address: IpAddress): string | undefined {
    return this.#holders.get(address)
  }

  serves(family: Family): boolean {
    return this.#parts.some(({ range }) => range.family === family)
  }

  contains(address: IpAddress): boolean {
    return this.#partOf(address) !== undefined
  }

  /** How many more can be given, of both families. */
  available(): bigint {
    let sum = 0n
    for (const { range, excluded } of this.#parts)
      sum += size(range) - excluded.reduce((all, one) => all + size(one), 0n)
    for (const address of this.#holders.keys()) if (!this.#isExcluded(address)) sum--
    return sum
  }

  /** The next free address of a family for a Service; undefined when there is none. */
  next(family: Family, holder: string): IpAddress | undefined {
    for (const part of this.#parts) {
      if (part.range.family !== family) continue
      const address =
        this.#search(part, part.cursor, part.range.last) ?? this.#search(part, part.range.first, part.cursor)
      if (address === undefined) continue
      part.cursor = ipToBigint(address) + 1n
      this.#holders.set(address, holder)
      return address
    }
    return undefined
  }

  /** Takes one address for a Service. Its own is `ok`, also when it has been excluded since. */
  take(address: IpAddress, holder: string): TakeResult {
    const present = this.#holders.get(address)
    if (present !== undefined) return present === holder ? 'ok' : 'taken'
    if (!this.contains(address)) return 'outside'
    if (this.#isExcluded(address)) return 'excluded'
    this.#holders.set(address, holder)
    return 'ok'
  }

  /** Takes an address that a Service has already, excluded or not. */
  adopt(address: IpAddress, holder: string): boolean {
    if (!this.contains(address) || (this.#holders.get(address) ?? holder) !== holder) return false
    this.#holders.set(address, holder)
    return true
  }

  release(address: IpAddress, holder: string): void {
    if (this.#holders.get(address) === holder) this.#holders.delete(address)
  }

  /** Never given from now on, instead of what was said before. Addresses in use stay in use. */
  setExcluded(exclude: readonly IpRange[]): void {
    for (const part of this.#parts) part.excluded = mergeRanges(exclude, part.range)
  }

  #search(part: Part, from: bigint, to: bigint): IpAddress | undefined {
    for (let value = from; value <= to && value <= part.range.last; value++) {
      const barrier = part.excluded.find(({ first, last }) => first <= value && value <= last)
      if (barrier !== undefined) {
        value = barrier.last
        continue
      }
      const address = ipFromBigint(value, part.range.family)
      if (!this.#holders.has(address)) return address
    }
    return undefined
  }

  #isExcluded(address: IpAddress): boolean {
    const value = ipToBigint(address)
    return this.#partOf(address)?.excluded.some(({ first, last }) => first <= value && value <= last) ?? false
  }

  #partOf(address: IpAddress): Part | undefined {
    const [family, value] = [ipFamily(address), ipToBigint(address)]
    return this.#parts.find(({ range }) => range.family === family && range.first <= value && value <= range.last)
  }
}

const size = ({ first, last }: IpRange): bigint => last - first + 1n
