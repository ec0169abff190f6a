import type { OvnNames } from '@ovnkit/cni-api'
import { type Cidr, type IpAddress, type IpRange, parseCidr } from '@ovnkit/inet'

/**
 * The network that a valid Subnet describes. It is known by its ranges, not by the Subnet's name: ranges never change and never overlap, so a Subnet
 * that takes another one's place takes over the same switch, ports and addresses.
 */
export interface Network {
  /** Canonical text of the ranges, joined by a comma: `10.244.0.0/16,fd00:10:244::/64`. */
  readonly key: string
  /** The Subnet that the network belongs to now. */
  readonly subnet: string
  /** One range, or one of each family with IPv4 first. */
  readonly ranges: readonly Cidr[]
  /** The router's address in each range, in the order of `ranges`. */
  readonly gateways: readonly IpAddress[]
  /** Never given out on our own account. The gateways are reserved anyway. */
  readonly exclude: readonly IpRange[]
  /** Who may open connections to its pods besides themselves and the nodes; undefined: everybody. */
  readonly admits?: readonly Cidr[] | undefined
  /** Name of the foreign switch that the network lives on; without it the switch is ours. */
  readonly externalSwitch?: string | undefined
  /** The physical network that our switch is joined to; VLAN 0: untagged. */
  readonly underlay?: { readonly provider: string; readonly vlan: number } | undefined
  /** Our router's addresses where the gateway is somebody else's, in the order of `ranges`; they are among `exclude`. */
  readonly interconnect?: readonly IpAddress[] | undefined
  /** `spec.enableServices` or its default: pods reach Services from the switch. */
  readonly services: boolean
  /** `spec.enableDHCP`: OVN answers its ports. */
  readonly dhcp: boolean
}

/** The gateway is our router. Elsewhere it is a machine of the provider's or of ZStack's, and our router just has a port. */
export function isOverlay(network: Pick<Network, 'underlay' | 'externalSwitch'>): boolean {
  return network.underlay === undefined && network.externalSwitch === undefined
}

export function networkKey(ranges: readonly Cidr[]): string {
  return ranges.map(range => range.text).join(',')
}

/** Name of the Logical_Switch: the foreign one's, or `subnet-<Subnet>`. */
export function switchName(network: Pick<Network, 'subnet' | 'externalSwitch'>): string {
  return network.externalSwitch ?? `subnet-${network.subnet}`
}

/** The same as a database has it that several clusters share. */
export function switchNameIn(network: Pick<Network, 'subnet' | 'externalSwitch'>, names: OvnNames): string {
  return network.externalSwitch ?? names.of(switchName(network))
}

const admitsId = 'zstack.io/admits'

/** Kept with the router's port in its `external_ids`, so that a private network stays private also when its Subnet cannot be read any more. */
export function admittedIds({ admits }: Pick<Network, 'admits'>): Record<string, string> {
  return admits === undefined ? {} : { [admitsId]: admits.map(range => range.text).join(',') }
}

/** @throws InetError when somebody else wrote it */
export function readAdmitted(ids: Pick<ReadonlyMap<string, string>, 'get'>): readonly Cidr[] | undefined {
  const text = ids.get(admitsId)
  return text?.split(',').flatMap(part => (part === '' ? [] : [parseCidr(part)]))
}
