import { AddressPool, cidrContains, type IpAddress, type IpRange, ipFamily } from '@ovnkit/inet'
import type { Network } from '../subnet/network.ts'

/** Who has an address: a pod instance, or a port that is not ours. Any text that is unique. */
export type Holder = string

/** What came of asking for addresses. Nothing was taken unless it is `ok`. */
export type Taken =
  | { readonly kind: 'ok'; readonly addresses: readonly IpAddress[] }
  /** No free address is left in the range of this family. */
  | { readonly kind: 'exhausted'; readonly family: 4 | 6 }
  | { readonly kind: 'busy'; readonly address: IpAddress; readonly holder: Holder | undefined }
  | { readonly kind: 'excluded' | 'outside'; readonly address: IpAddress }

/**
 * The addresses of one network and who has them. An address can have several holders after a restart (a foreign port next to a pod): it is free when
 * the last of them is gone. No I/O, no time: the same calls give the same addresses.
 */
export class NetworkAddresses {
  readonly #pools: readonly AddressPool[]
  readonly #holders = new Map<IpAddress, Holder[]>()
  readonly #held = new Map<Holder, readonly IpAddress[]>()
  readonly #shared = new Set<IpAddress>()

  constructor(network: Pick<Network, 'ranges' | 'gateways' | 'exclude'>) {
    this.#pools = network.ranges.map(
      range => new AddressPool(range, { exclude: network.exclude, reserved: network.gateways }),
    )
  }

  /** Addresses that several have at once, with all who do. */
  *shared(): Generator<readonly [IpAddress, readonly Holder[]]> {
    for (const address of this.#shared) yield [address, this.#holders.get(address) ?? []]
  }

  /** Addresses in use in the fuller family. */
  get used(): number {
    return Math.max(...this.#pools.map(pool => pool.used))
  }

  /** How many more pods can have an address of every family. */
  get available(): bigint {
    let least: bigint | undefined
    for (const { available } of this.#pools) if (least === undefined || available < least) least = available
    return least ?? 0n
  }

  holders(): Iterable<Holder> {
    return this.#held.keys()
  }

  holderOf(address: IpAddress): Holder | undefined {
    return this.#holders.get(address)?.[0]
  }

  addressesOf(holder: Holder): readonly IpAddress[] {
    return this.#held.get(holder) ?? []
  }

  contains(address: IpAddress): boolean {
    return this.#pools.some(pool => cidrContains(pool.cidr, address))
  }

  setExcluded(ranges: readonly IpRange[]): void {
    for (const pool of this.#pools) pool.setExcluded(ranges)
  }

  /** Takes one address of every family for `holder`: the wanted ones where there are some, else the next free ones, `prefer` first. */
  take(holder: Holder, wanted: readonly IpAddress[] = [], prefer?: IpRange): Taken {
    const outside = wanted.find(address => !this.contains(address))
    if (outside !== undefined) return { kind: 'outside', address: outside }
    const taken: IpAddress[] = []
    for (const pool of this.#pools) {
      const one = this.#takeFrom(
        pool,
        wanted.find(address => ipFamily(address) === pool.cidr.family),
        prefer,
      )
      if (typeof one !== 'string') {
        for (const address of taken) this.#release(address)
        return one
      }
      taken.push(one)
    }
    this.#record(holder, taken)
    return { kind: 'ok', addresses: taken }
  }

  /** Notes addresses that `holder` is known to have, excluded or not, in use by others or not. Foreign ones are passed over. */
  adopt(holder: Holder, addresses: readonly IpAddress[]): void {
    const ours = addresses.filter(address => this.#poolOf(address) !== undefined)
    for (const address of ours) this.#poolOf(address)?.adopt(address)
    this.#record(holder, ours)
  }

  /** Gives back all that `holder` has; an address that nobody else has is free then. Unknown holders are no error. */
  drop(holder: Holder): void {
    for (const address of this.addressesOf(holder)) {
      const left = (this.#holders.get(address) ?? []).filter(other => other !== holder)
      if (left.length < 2) this.#shared.delete(address)
      if (left.length > 0) this.#holders.set(address, left)
      else {
        this.#holders.delete(address)
        this.#release(address)
      }
    }
    this.#held.delete(holder)
  }

  #takeFrom(pool: AddressPool, wanted: IpAddress | undefined, prefer: IpRange | undefined): IpAddress | Taken {
    if (wanted === undefined) {
      return (
        pool.allocateNext(prefer?.family === pool.cidr.family ? prefer : undefined) ?? {
          kind: 'exhausted',
          family: pool.cidr.family,
        }
      )
    }
    const result = pool.allocate(wanted)
    if (result === 'ok') return wanted
    if (result === 'taken') return { kind: 'busy', address: wanted, holder: this.holderOf(wanted) }
    return { kind: result, address: wanted }
  }

  #record(holder: Holder, addresses: readonly IpAddress[]): void {
    this.#held.set(holder, [...this.addressesOf(holder), ...addresses])
    for (const address of addresses) {
      const others = this.#holders.get(address)
      if (others === undefined) this.#holders.set(address, [holder])
      else if (others.push(holder) > 1) this.#shared.add(address)
    }
  }

  #poolOf(address: IpAddress): AddressPool | undefined {
    return this.#pools.find(pool => cidrContains(pool.cidr, address))
  }

  #release(address: IpAddress): void {
    this.#poolOf(address)?.release(address)
  }
}
