import { joinGateway, joinQuarter } from '@ovnkit/cni-api'
import { AddressPool, type Cidr, cidrContains, type IpAddress, ipToBigint } from '@ovnkit/inet'

/** A node's place in the join network. */
export interface JoinPlace {
  /** Of its management port, one of each family of the join network, IPv4 first. */
  readonly addresses: readonly IpAddress[]
  /** Small number that no other node has; says which block of a network it takes first. */
  readonly index: number
}

/** Gives every node one address of each family of the join network and keeps it while the node exists. */
export class JoinAddresses {
  readonly #pools: readonly AddressPool[]
  readonly #places = new Map<string, JoinPlace>()

  constructor(ranges: readonly Cidr[]) {
    this.#pools = ranges.map(range => {
      const { family, last } = joinQuarter(range, 0)
      return new AddressPool(range, {
        exclude: [{ family, first: last + 1n, last: range.last }],
        reserved: [joinGateway(range)],
      })
    })
  }

  get(node: string): JoinPlace | undefined {
    return this.#places.get(node)
  }

  /** Takes the addresses that a node is recorded with, where they are free; the others anew. Undefined when a pool is exhausted. */
  take(node: string, recorded: readonly IpAddress[] = []): JoinPlace | undefined {
    const known = this.#places.get(node)
    if (known !== undefined) return known
    const addresses = this.#pools.map(
      pool => recorded.find(address => pool.allocate(address) === 'ok') ?? pool.allocateNext(),
    )
    const found = addresses.filter(address => address !== undefined)
    const [first] = found
    if (first === undefined || found.length < addresses.length) {
      for (const address of found) this.#release(address)
      return undefined
    }
    const place = { addresses: found, index: Math.max(0, this.#indexOf(first)) }
    this.#places.set(node, place)
    return place
  }

  release(node: string): void {
    for (const address of this.#places.get(node)?.addresses ?? []) this.#release(address)
    this.#places.delete(node)
  }

  /** Place of an address in its range, counted from the first that a node can have. */
  #indexOf(address: IpAddress): number {
    const pool = this.#pools.find(one => cidrContains(one.cidr, address))
    return pool === undefined ? 0 : Number(ipToBigint(address) - pool.cidr.first) - 2
  }

  #release(address: IpAddress): void {
    for (const pool of this.#pools) pool.release(address)
  }
}
