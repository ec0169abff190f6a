import {
  AddressPool,
  type Cidr,
  cidrContains,
  type IpAddress,
  type IpRange,
  ipFamily,
  ipToBigint,
  tryParseIp,
} from '@ovnkit/inet'
import type { SubnetFacts } from '../facts/subnet.ts'
import type { Network } from './network.ts'
import type { Addressing, Problem } from './parse.ts'

/** A switch of somebody else's, as far as a Subnet on it must agree with it. */
export interface ForeignSwitch {
  /** `other_config:subnet` and `ipv6_prefix`, where they say something. */
  readonly ranges: readonly Cidr[]
  /** Addresses of routers on it, each in its network. */
  readonly gateways: readonly { readonly ip: IpAddress; readonly network: Cidr }[]
  /** Addresses of its ports that are not ours. */
  readonly used: ReadonlySet<IpAddress>
  /** Whose it is when it is a cluster's own and not ZStack's: the mark of the cluster, or ours. */
  readonly cluster: string | undefined
}

export interface PlacementInput {
  readonly foreignSwitch: (name: string) => ForeignSwitch | undefined
  readonly nodeAddresses: readonly { readonly node: string; readonly address: IpAddress }[]
  /** The network as it was, with the address that our router has there. */
  readonly before: Network | undefined
}

type Placement = Pick<Network, 'externalSwitch' | 'underlay' | 'interconnect' | 'exclude' | 'services' | 'dhcp'>

/** Where a Subnet's pods live, and what of it is not theirs to have. */
export function placementOf(
  { spec, recordedInterconnect }: Pick<SubnetFacts, 'spec' | 'recordedInterconnect'>,
  { ranges, gateways, exclude }: Addressing,
  { foreignSwitch, nodeAddresses, before }: PlacementInput,
): Placement | Problem {
  const { externalLogicalSwitch: externalSwitch, provider, vlanID = 0, enableServices, enableDHCP = false } = spec
  const underlay = provider === undefined ? undefined : { provider, vlan: vlanID }
  const services = enableServices ?? externalSwitch === undefined
  if (underlay === undefined && externalSwitch === undefined) return { exclude, services, dhcp: enableDHCP }
  const used = externalSwitch === undefined ? undefined : foreignSwitch(externalSwitch)?.used
  const hosts = nodeAddresses.map(({ address }) => address)
  const interconnect = interconnectOf({
    ranges,
    known: before?.interconnect ?? split(recordedInterconnect ?? ''),
    taken: [...gateways, ...hosts],
    exclude,
    used: used ?? new Set(),
  })
  if (interconnect === undefined) {
    return {
      reason: 'InvalidCIDR',
      message: `spec.cidr: ${spec.cidr} has no address left for the port of our router; choose a larger range or exclude less`,
    }
  }
  const own = [...interconnect, ...hosts].filter(address => ranges.some(range => cidrContains(range, address)))
  return { externalSwitch, underlay, interconnect, services, dhcp: enableDHCP, exclude: [...exclude, ...own.map(one)] }
}

/** Why a Subnet cannot live on the switch that it names. */
export function switchProblem(
  { spec }: Pick<SubnetFacts, 'spec'>,
  { ranges, gateways }: Addressing,
  found: ForeignSwitch | undefined,
): Problem | undefined {
  const name = spec.externalLogicalSwitch ?? ''
  if (found === undefined)
    return { reason: 'SwitchNotFound', message: `spec.externalLogicalSwitch: there is no Logical_Switch "${name}"` }
  if (found.cluster !== undefined) {
    return {
      reason: 'SwitchOfACluster',
      message: `spec.externalLogicalSwitch: "${name}" is a switch of cluster ${found.cluster}, not of ZStack`,
    }
  }
  return rangeProblem(name, ranges, found) ?? gatewayProblem(name, gateways, found)
}

function rangeProblem(name: string, ranges: readonly Cidr[], found: ForeignSwitch): Problem | undefined {
  const networks = [...found.ranges, ...found.gateways.map(({ network }) => network)]
  for (const range of ranges) {
    const others = networks.filter(({ family }) => family === range.family)
    if (others.length === 0 || others.some(other => other.text === range.text)) continue
    return {
      reason: 'CIDRMismatch',
      message: `spec.cidr: ${range.text} is not the network of switch "${name}", which is ${textOf(others.map(({ text }) => text))}`,
    }
  }
  return undefined
}

function gatewayProblem(name: string, gateways: readonly IpAddress[], found: ForeignSwitch): Problem | undefined {
  for (const gateway of gateways) {
    const others = found.gateways.flatMap(({ ip }) => (ipFamily(ip) === ipFamily(gateway) ? [ip] : []))
    if (others.length === 0 || others.includes(gateway)) continue
    return {
      reason: 'GatewayMismatch',
      message: `spec.gateway: ${gateway} is no router of switch "${name}"; it has ${textOf(others)}`,
    }
  }
  return undefined
}

const textOf = (list: readonly string[]): string => [...new Set(list)].join(', ')

/** The addresses that our router had, or the first free ones; undefined when a range has none. */
function interconnectOf(options: {
  readonly ranges: readonly Cidr[]
  readonly known: readonly IpAddress[]
  readonly taken: readonly IpAddress[]
  readonly exclude: readonly IpRange[]
  readonly used: ReadonlySet<IpAddress>
}): readonly IpAddress[] | undefined {
  const { ranges, known, taken, exclude, used } = options
  const found = ranges.flatMap(range => {
    const kept = known.find(address => cidrContains(range, address))
    return kept ?? firstFree(new AddressPool(range, { exclude, reserved: taken }), used) ?? []
  })
  return found.length === ranges.length ? found : undefined
}

function firstFree(pool: AddressPool, used: ReadonlySet<IpAddress>): IpAddress | undefined {
  for (let address = pool.allocateNext(); address !== undefined; address = pool.allocateNext())
    if (!used.has(address)) return address
  return undefined
}

const split = (text: string): IpAddress[] => text.split(',').flatMap(part => tryParseIp(part.trim()) ?? [])

function one(address: IpAddress): IpRange {
  const value = ipToBigint(address)
  return { family: ipFamily(address), first: value, last: value }
}
