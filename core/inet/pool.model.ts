import { type Cidr, hostAddress, type IpAddress, type IpRange, ipToBigint, usableRange } from './index.ts'

/** The plainest allocator that could be right, to compare the real one with: lists, and a scan for every question. */
export class PoolModel {
  readonly cidr: Cidr
  readonly used = new Set<IpAddress>()
  #released: IpAddress[] = []
  #excluded: readonly IpRange[] = []

  constructor(cidr: Cidr) {
    this.cidr = cidr
  }

  isExcluded(ip: IpAddress): boolean {
    const value = ipToBigint(ip)
    return this.#excluded.some(range => value >= range.first && value <= range.last)
  }

  all(): IpAddress[] {
    const { first, last } = usableRange(this.cidr)
    const start = first - this.cidr.first
    return Array.from({ length: Number(last - first) + 1 }, (_, i) => hostAddress(this.cidr, start + BigInt(i)))
  }

  free(): IpAddress[] {
    return this.all().filter(ip => !this.used.has(ip) && !this.isExcluded(ip))
  }

  /** Never used ones first, then those released, the longest ago first. */
  next(prefer: IpRange | undefined): IpAddress | undefined {
    const order = this.free().map(ip => ({ ip, value: ipToBigint(ip), rank: this.#released.indexOf(ip) }))
    order.sort((a, b) => a.rank - b.rank)
    const near = prefer && order.find(({ value }) => value >= prefer.first && value <= prefer.last)
    return (near ?? order[0])?.ip
  }

  take(ip: IpAddress): void {
    this.used.add(ip)
    this.#released = this.#released.filter(other => other !== ip)
  }

  release(ip: IpAddress): boolean {
    if (!this.used.delete(ip)) return false
    if (!this.isExcluded(ip)) this.#released.push(ip)
    return true
  }

  exclude(ranges: readonly IpRange[]): void {
    this.#excluded = ranges
    this.#released = this.#released.filter(ip => !this.isExcluded(ip))
  }
}
