import type { Cidr, IpAddress, IpRange } from '@ovnkit/inet'

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
  /** Name of the foreign switch that the network lives on; without it the switch is ours. */
  readonly externalSwitch?: string | undefined
}

export function networkKey(ranges: readonly Cidr[]): string {
  return ranges.map(range => range.text).join(',')
}

/** Name of the Logical_Switch: the foreign one's, or `subnet-<Subnet>`. */
export function switchName(network: Pick<Network, 'subnet' | 'externalSwitch'>): string {
  return network.externalSwitch ?? `subnet-${network.subnet}`
}
