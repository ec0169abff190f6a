import { type Cidr, cidrContains, cidrsOverlap, type IpAddress } from '@ovnkit/inet'
import type { SubnetFacts } from '../facts/subnet.ts'
import { type Network, networkKey } from './network.ts'
import { type Addressing, isProblem, type Problem, parseAddressing } from './parse.ts'
import { type ForeignSwitch, placementOf, switchProblem } from './placement.ts'

/** What a Subnet came to. */
export type Verdict =
  /** It describes the network with this key. */
  | { readonly kind: 'accepted'; readonly network: string; readonly warning?: Problem }
  /** A user's Subnet has taken the place of this automatic one. */
  | { readonly kind: 'superseded'; readonly by: string }
  /** It cannot be; `network` is what it had before and keeps while that is in use. */
  | { readonly kind: 'refused'; readonly network?: string; readonly problem: Problem }
  /** Being deleted, and nothing uses it. */
  | { readonly kind: 'gone' }

export interface PlanInput {
  readonly subnets: readonly SubnetFacts[]
  /** The networks as they were, also those whose Subnet changed since. */
  readonly current: Iterable<Network>
  readonly inUse: (network: string) => boolean
  readonly external: boolean
  /** A switch that is not ours, by its name. */
  readonly foreignSwitch: (name: string) => ForeignSwitch | undefined
  /** Ranges that no Subnet may touch, with a name for each. */
  readonly reserved: readonly { readonly name: string; readonly range: Cidr }[]
  readonly nodeAddresses: readonly { readonly node: string; readonly address: IpAddress }[]
}

export interface Plan {
  readonly networks: ReadonlyMap<string, Network>
  /** By the Subnet's name. */
  readonly verdicts: ReadonlyMap<string, Verdict>
}

/**
 * Decides which Subnets become networks. Those in use come first, then the automatic one, then the others by age: a newcomer never takes anything away
 * from a Subnet that works. The exception is meant: a user's Subnet with the range and gateway of the automatic one takes its place, network and all.
 */
export function planNetworks(input: PlanInput): Plan {
  const before = new Map<string, Network>()
  const current = [...input.current]
  for (const network of current) if (input.inUse(network.key)) before.set(network.subnet, network)
  const planner = new Planner(input, before, new Map(current.map(network => [network.key, network])))
  planner.keepOrphans()
  for (const subnet of input.subnets.toSorted(
    (a, b) => planner.rank(a) - planner.rank(b) || a.created - b.created || (a.name < b.name ? -1 : 1),
  )) {
    planner.place(subnet)
  }
  return planner
}

class Planner implements Plan {
  readonly networks = new Map<string, Network>()
  readonly verdicts = new Map<string, Verdict>()
  readonly #input: PlanInput
  /** Networks that a Subnet of the same range and gateway takes over: the automatic one's, and those without a Subnet. */
  readonly #yielding = new Set<string>()
  /** Networks in use, by the Subnet that they belonged to. */
  readonly #before: ReadonlyMap<string, Network>
  /** All networks as they were, by key. */
  readonly #current: ReadonlyMap<string, Network>

  constructor(input: PlanInput, before: ReadonlyMap<string, Network>, current: ReadonlyMap<string, Network>) {
    this.#input = input
    this.#before = before
    this.#current = current
  }

  rank(subnet: SubnetFacts): number {
    if (subnet.automatic) return 1
    return this.#before.has(subnet.name) ? 0 : 2
  }

  place(subnet: SubnetFacts): void {
    const before = this.#before.get(subnet.name)
    if (subnet.deleting && before === undefined) {
      this.verdicts.set(subnet.name, { kind: 'gone' })
      return
    }
    const parsed = parseAddressing(subnet.spec)
    const problem = isProblem(parsed) ? parsed : this.#problemOf(subnet, parsed, before)
    if (problem !== undefined || isProblem(parsed)) this.#refuse(subnet, before, problem)
    else this.#accept(subnet, parsed)
  }

  /** A network whose Subnet was taken away by force is kept while it is used: its pods go on. A Subnet like the old one gets it back. */
  keepOrphans(): void {
    const names = new Set(this.#input.subnets.map(subnet => subnet.name))
    for (const network of this.#before.values()) {
      if (names.has(network.subnet)) continue
      this.networks.set(network.key, network)
      this.#yielding.add(network.key)
    }
  }

  #accept(subnet: SubnetFacts, parsed: Addressing): void {
    const key = networkKey(parsed.ranges)
    const placement = placementOf(subnet, parsed, { ...this.#input, before: this.#current.get(key) })
    if ('reason' in placement) {
      this.#refuse(subnet, this.#before.get(subnet.name), placement)
      return
    }
    const holder = this.networks.get(key)
    if (subnet.automatic && holder !== undefined && !this.#yielding.has(key)) {
      this.verdicts.set(subnet.name, { kind: 'superseded', by: holder.subnet })
      return
    }
    if (holder !== undefined && this.verdicts.has(holder.subnet))
      this.verdicts.set(holder.subnet, { kind: 'superseded', by: subnet.name })
    if (subnet.automatic) this.#yielding.add(key)
    else this.#yielding.delete(key)
    this.networks.set(key, { key, subnet: subnet.name, ...parsed, ...placement })
    const warning = isUnderOthers(subnet) ? undefined : this.#touchesNode(parsed)
    this.verdicts.set(subnet.name, { kind: 'accepted', network: key, ...(warning && { warning }) })
  }

  #refuse(subnet: SubnetFacts, before: Network | undefined, problem: Problem | undefined): void {
    if (problem === undefined) return
    if (before !== undefined) this.networks.set(before.key, before)
    this.verdicts.set(subnet.name, { kind: 'refused', problem, ...(before && { network: before.key }) })
  }

  #problemOf(subnet: SubnetFacts, parsed: Addressing, before: Network | undefined): Problem | undefined {
    return (
      this.#changed(parsed, before) ??
      this.#moved(subnet, before) ??
      this.#unsupported(subnet, parsed) ??
      this.#overlap(subnet, parsed) ??
      this.#touchesReserved(parsed) ??
      // Pods that run already are not taken their network away for a node that came later.
      (before === undefined && !isUnderOthers(subnet) ? this.#touchesNode(parsed) : undefined)
    )
  }

  #changed(parsed: Addressing, before: Network | undefined): Problem | undefined {
    if (before === undefined) return undefined
    if (networkKey(parsed.ranges) !== before.key) {
      return {
        reason: 'CIDRChanged',
        message: `spec.cidr: ${before.key} is in use and cannot become ${networkKey(parsed.ranges)}; set it back and make another Subnet`,
      }
    }
    if (parsed.gateways.join() !== before.gateways.join()) {
      return {
        reason: 'GatewayChanged',
        message: `spec.gateway: ${before.gateways.join()} is in use and cannot become ${parsed.gateways.join()}; set it back`,
      }
    }
    return undefined
  }

  #moved({ spec }: SubnetFacts, before: Network | undefined): Problem | undefined {
    if (before === undefined) return undefined
    const { externalSwitch, underlay } = before
    if (spec.externalLogicalSwitch === externalSwitch && (spec.provider === undefined) === (underlay === undefined))
      return undefined
    return {
      reason: 'PlaceChanged',
      message:
        'spec.externalLogicalSwitch, spec.provider: pods live on the switch as it was; set them back and make another Subnet',
    }
  }

  #unsupported(subnet: SubnetFacts, parsed: Addressing): Problem | undefined {
    const { externalLogicalSwitch: name, provider, vlanID } = subnet.spec
    if (name !== undefined && !this.#input.external)
      return { reason: 'ExternalModeOnly', message: 'spec.externalLogicalSwitch: needs ovn.mode external' }
    if (name !== undefined && subnet.spec.private === true) {
      return {
        reason: 'PrivateNotSupported',
        message:
          "spec.private: a rule on ZStack's switch would send its machines through conntrack; use its security groups",
      }
    }
    if (vlanID !== undefined && provider === undefined) {
      return {
        reason: 'NoProvider',
        message: 'spec.vlanID: needs spec.provider, the name of the network that carries the VLAN',
      }
    }
    return name === undefined ? undefined : switchProblem(subnet, parsed, this.#input.foreignSwitch(name))
  }

  #overlap(subnet: SubnetFacts, parsed: Addressing): Problem | undefined {
    const key = networkKey(parsed.ranges)
    for (const other of this.networks.values()) {
      const range = parsed.ranges.find(one => other.ranges.some(two => cidrsOverlap(one, two)))
      if (range === undefined) continue
      const same = other.key === key && other.gateways.join() === parsed.gateways.join()
      if (same && (subnet.automatic || this.#yielding.has(key))) continue
      const remedy = this.#yielding.has(other.key)
        ? `; take its place with cidr ${other.key} and gateway ${other.gateways.join()}, or choose another range`
        : '; choose another range'
      return {
        reason: 'Overlap',
        message: `spec.cidr: ${range.text} overlaps Subnet ${other.subnet} (${other.key})${remedy}`,
      }
    }
    return undefined
  }

  #touchesReserved(parsed: Addressing): Problem | undefined {
    for (const { name, range } of this.#input.reserved) {
      const own = parsed.ranges.find(one => cidrsOverlap(one, range))
      if (own !== undefined)
        return {
          reason: 'Overlap',
          message: `spec.cidr: ${own.text} overlaps ${name} (${range.text}); choose another range`,
        }
    }
    return undefined
  }

  #touchesNode(parsed: Addressing): Problem | undefined {
    for (const { node, address } of this.#input.nodeAddresses) {
      const own = parsed.ranges.find(one => cidrContains(one, address))
      if (own !== undefined) {
        return {
          reason: 'OverlapsNode',
          message: `spec.cidr: ${own.text} holds ${address}, an address of node ${node}; choose another range`,
        }
      }
    }
    return undefined
  }
}

/** Others live in its range as well, nodes among them. */
function isUnderOthers({ spec }: SubnetFacts): boolean {
  return spec.provider !== undefined || spec.externalLogicalSwitch !== undefined
}
