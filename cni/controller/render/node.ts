import { nodePortName, serviceSource } from '@ovnkit/cni-api'
import { type Cidr, cidrContains, type Family, type IpAddress, ipFamily, macFromIp } from '@ovnkit/inet'
import { equals, type OvnRow, oneOf, reroutePolicy, vifPort } from '@ovnkit/ovn'
import type { NodeFacts } from '../facts/node.ts'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import { ipFields, joinPorts, policyPriority, routerPolicies } from './layout.ts'

/**
 * A node's management port and the policies that lead to it: packets to one of the node's own addresses, wherever they come from.
 *
 * @param own the join network: its addresses are never a host's, they are reached as they are
 */
export function nodeRows(node: NodeFacts, place: JoinPlace, own: readonly Cidr[]): OvnRow[] {
  const [first] = place.addresses
  if (first === undefined) return []
  const name = nodePortName(node.name)
  const port = vifPort({
    key: name,
    name,
    switch: joinPorts,
    mac: macFromIp(first),
    addresses: [...place.addresses, ...serviceSources(place, own)],
    // The host sends with any of its addresses, and forwards for others.
    secured: false,
    requestedChassis: node.chassis,
  })
  const hosts = node.addresses.filter(address => !own.some(range => cidrContains(range, address)))
  const sources = serviceSources(place, own)
  return [
    port,
    ...place.addresses.flatMap(hop => policies(node.name, hop, hosts)),
    ...place.addresses.flatMap((hop, i) => outsideEndpoints(node.name, hop, sources[i])),
  ]
}

/** Host traffic to Services comes from addresses that the port has and its interface has not. */
function serviceSources(place: JoinPlace, join: readonly Cidr[]): IpAddress[] {
  return place.addresses.flatMap(address => {
    const range = join.find(one => cidrContains(one, address))
    return range === undefined ? [] : [serviceSource(address, range)]
  })
}

function policies(node: string, nextHop: IpAddress, hosts: readonly IpAddress[]): OvnRow[] {
  const family: Family = ipFamily(nextHop)
  const addresses = hosts.filter(address => ipFamily(address) === family)
  const fields = ipFields[family]
  if (addresses.length === 0) return []
  return [
    reroutePolicy({
      key: `node/${node}/${family}`,
      router: routerPolicies,
      priority: policyPriority.node,
      match: oneOf(fields.dst, addresses),
      nextHop,
    }),
  ]
}

/** What a host sent to a Service, and a balancer to an endpoint that is neither pod nor node: it leaves by the host that sent it. */
function outsideEndpoints(node: string, nextHop: IpAddress, source: IpAddress | undefined): OvnRow[] {
  if (source === undefined) return []
  const family = ipFamily(nextHop)
  const policy = reroutePolicy({
    key: `outside-endpoints/${node}/${family}`,
    router: routerPolicies,
    priority: policyPriority.egress,
    match: equals(ipFields[family].src, source),
    nextHop,
  })
  return [policy]
}
