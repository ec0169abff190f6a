import { type Cidr, hostAddress, type IpAddress, type IpRange, ipFromBigint, ipToBigint } from '@ovnkit/inet'

/**
 * The join network is cut into quarters, so that every kind of address is told by its range: management ports, sources of host traffic to Services (at
 * the same offset as the management port), gateway routers (likewise), and one in reserve.
 */
export function joinQuarter(range: Cidr, quarter: 0 | 1 | 2 | 3): IpRange {
  const size = quarterSize(range)
  const first = range.first + BigInt(quarter) * size
  return { family: range.family, first, last: first + size - 1n }
}

/** The router's address in the join network. */
export function joinGateway(range: Cidr): IpAddress {
  return hostAddress(range, 1)
}

/**
 * An address of the join network that nobody ever has: the next hop of the default route. OVN drops what no route matches before it looks at policies; what
 * no policy then takes is sent here and goes nowhere.
 */
export function nowhere(range: Cidr): IpAddress {
  return hostAddress(range, range.family === 4 ? -2 : -1)
}

/**
 * The address that a node's host has as a client of Services. Its logical port has it beside the management address, its interface does not: so the answer of
 * an endpoint on the host's own network goes back into the logical network, where the balancer's work is undone, and not straight to the host.
 *
 * @param management the node's management address, in the first quarter of `range`
 */
export function serviceSource(management: IpAddress, range: Cidr): IpAddress {
  return inQuarter(management, range, 1)
}

/** The address that a node's gateway router has in the join network, where the gateway mode is `shared`. */
export function gatewayRouterAddress(management: IpAddress, range: Cidr): IpAddress {
  return inQuarter(management, range, 2)
}

function inQuarter(management: IpAddress, range: Cidr, quarter: 1 | 2): IpAddress {
  return ipFromBigint(ipToBigint(management) + BigInt(quarter) * quarterSize(range), range.family)
}

function quarterSize({ first, last }: Cidr): bigint {
  return (last - first + 1n) / 4n
}
