import { cidrContains, type IpAddress, type IpRange, ipFamily, ipToBigint } from '@ovnkit/inet'
import type { Network } from '../subnet/network.ts'
import type { Usage } from './assignment.ts'
import { type Holder, NetworkAddresses, type Taken } from './network-addresses.ts'
import type { Sighting } from './sightings.ts'

/** Holders of ports, as opposed to holders of addresses whose port is gone. */
type PortKind = 'pod' | 'foreign'

const named = 5

/** One network's addresses and port keys: a switch can run out of either. */
export class NetworkBook {
  readonly key: string
  readonly #addresses: NetworkAddresses
  readonly #ports = new Map<Holder, PortKind>()
  readonly #machines = new Set<Holder>()
  readonly #portsLimit: number | undefined
  readonly #machinesStay: boolean
  #exclude: readonly IpRange[]
  #excludedInUse = new Set<IpAddress>()

  /** @param portsLimit how many ports the switch can have, the router's included; unlimited without it */
  constructor(network: Network, portsLimit?: number) {
    this.key = network.key
    this.#addresses = new NetworkAddresses(network)
    this.#exclude = network.exclude
    this.#machinesStay = network.externalSwitch !== undefined
    // With every address taken there is no port key to run out of.
    const room = this.#addresses.available + 1n
    this.#portsLimit = portsLimit !== undefined && BigInt(portsLimit) < room ? portsLimit : undefined
  }

  get usage(): Usage {
    return {
      used: this.#addresses.used,
      available: Math.min(Number(this.#addresses.available), this.#freePorts),
      portsLimit: this.#portsLimit,
      excludedInUse: this.#describeExcludedInUse(),
      conflicts: this.#describeConflicts(),
      machines: this.#describeMachines(),
      inUse: this.inUse,
    }
  }

  /** Somebody has an address of it who would lose his network with it. Machines on a switch of their own would not. */
  get inUse(): boolean {
    const stays = this.#machinesStay ? isForeign : isMachine
    for (const holder of this.#addresses.holders()) if (!stays(holder)) return true
    return false
  }

  get portKeysExhausted(): boolean {
    return this.#freePorts === 0
  }

  /** Another pod fits. */
  get hasRoom(): boolean {
    return !this.portKeysExhausted && this.#addresses.available > 0n
  }

  contains(address: IpAddress): boolean {
    return this.#addresses.contains(address)
  }

  holderOf(address: IpAddress): Holder | undefined {
    return this.#addresses.holderOf(address)
  }

  /** As `NetworkAddresses.take`, for a pod. Look at `portKeysExhausted` first. */
  take(holder: Holder, wanted: readonly IpAddress[], prefer?: IpRange): Taken {
    const taken = this.#addresses.take(holder, wanted, prefer)
    if (taken.kind === 'ok') this.#ports.set(holder, 'pod')
    return taken
  }

  /** Notes what is known to be in use; `port` when a port of the switch goes with it. */
  adopt(holder: Holder, addresses: readonly IpAddress[], port?: PortKind): void {
    this.#addresses.adopt(holder, addresses)
    if (port !== undefined) this.#ports.set(holder, port)
    if (isMachine(holder)) this.#machines.add(holder)
    for (const address of addresses) if (this.#isExcluded(address)) this.#excludedInUse.add(address)
  }

  /** The port is gone, the addresses are kept. */
  dropPort(holder: Holder): void {
    this.#ports.delete(holder)
  }

  /** Port and addresses are gone. Returns the addresses. */
  drop(holder: Holder): readonly IpAddress[] {
    const addresses = this.#addresses.addressesOf(holder)
    this.#ports.delete(holder)
    this.#machines.delete(holder)
    this.#addresses.drop(holder)
    for (const address of addresses)
      if (this.#addresses.holderOf(address) === undefined) this.#excludedInUse.delete(address)
    return addresses
  }

  /** Excludes these ranges for the future; who has such an address keeps it. */
  setExcluded(ranges: readonly IpRange[]): void {
    this.#exclude = ranges
    this.#addresses.setExcluded(ranges)
    this.#excludedInUse = new Set()
    if (ranges.length === 0) return
    for (const holder of this.#addresses.holders()) {
      for (const address of this.#addresses.addressesOf(holder))
        if (this.#isExcluded(address)) this.#excludedInUse.add(address)
    }
  }

  get #freePorts(): number {
    // One key is the router port's.
    return this.#portsLimit === undefined
      ? Number.MAX_SAFE_INTEGER
      : Math.max(0, this.#portsLimit - 1 - this.#ports.size)
  }

  #isExcluded(address: IpAddress): boolean {
    if (this.#exclude.length === 0) return false
    const family = ipFamily(address)
    const value = ipToBigint(address)
    return this.#exclude.some(range => range.family === family && range.first <= value && value <= range.last)
  }

  /** Only with holders that are not ours: an address that is still held after its pod may have a second pod for a moment. */
  #describeConflicts(): string[] {
    const found: string[] = []
    for (const [address, holders] of this.#addresses.shared()) {
      const foreign = holders.filter(isForeign)
      if (foreign.length === 0 || found.length >= named) continue
      found.push(`${address} is in use by ${holders.map(labelOf).join(' and ')}`)
    }
    return found.sort()
  }

  #describeMachines(): string[] {
    const found: string[] = []
    for (const holder of this.#machines) {
      for (const address of this.#addresses.addressesOf(holder))
        found.push(`${address} is in use by ${labelOf(holder)}`)
    }
    return found.sort().slice(0, named)
  }

  #describeExcludedInUse(): string[] {
    if (this.#excludedInUse.size === 0) return []
    const texts = [...this.#excludedInUse]
      .slice(0, named)
      .map(address => `${address} (${labelOf(this.#addresses.holderOf(address) ?? '')})`)
    const more = this.#excludedInUse.size - texts.length
    return more > 0 ? [...texts, `and ${more} more`] : texts
  }
}

/** The holder of a pod instance. */
export function podHolder(pod: string, uid: string): Holder {
  return `${pod}#${uid}`
}

/** The holder of an address that a machine on the wire was found to have. */
export function machineHolder({ mac, node, address }: Sighting): Holder {
  return `machine ${mac}#${node}/${address}`
}

const isMachine = (holder: Holder): boolean => holder.startsWith('machine ')

/** Holders that are not pods of ours. */
const isForeign = (holder: Holder): boolean => holder.startsWith('port ') || isMachine(holder)

/** A holder for people: the pod's namespace and name, or the foreign port's name. */
export function labelOf(holder: Holder): string {
  const end = holder.indexOf('#')
  return end < 0 ? holder : holder.slice(0, end)
}

/** The n-th block of `size` bits in a network: the addresses that a node takes first. */
export function blockOf(network: Network, prefixLength: number, n: number): IpRange | undefined {
  const range = network.ranges.find(one => one.family === 4)
  if (range === undefined || prefixLength <= range.prefixLength) return undefined
  const size = 1n << BigInt(32 - prefixLength)
  const blocks = 1n << BigInt(prefixLength - range.prefixLength)
  const first = range.first + (BigInt(n) % blocks) * size
  return { family: 4, first, last: first + size - 1n }
}

/** Whether all of `addresses` lie in the network. */
export function holdsAll(network: Network, addresses: readonly IpAddress[]): boolean {
  return addresses.every(address => network.ranges.some(range => cidrContains(range, address)))
}
