import { nodePortName, type PodRoute } from '@ovnkit/cni-api'
import { type Cidr, cidrContains, cidrOf, type Family, type IpAddress, ipFamily } from '@ovnkit/inet'
import { addressSet, allowPolicy, and, inAddressSet, isChassisResident, type OvnRow, reroutePolicy } from '@ovnkit/ovn'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import type { Network } from '../subnet/network.ts'
import { ipFields, policyPriority, routerPolicies, underlaySet } from './layout.ts'

/**
 * Networks whose gateway is not ours: provider's and ZStack's. Of their ranges only the pods are ours, so what the router does for them names pods
 * (an address set), never the range: machines there stay reachable the way that they were.
 */

const families: readonly Family[] = [4, 6]

/** The pods of all such networks, and that they are reached as routed. */
export function underlayRows(): OvnRow[] {
  return families.flatMap(family => [
    addressSet({ key: underlaySet(family), name: underlaySet(family) }),
    allowPolicy({
      key: `inside/${underlaySet(family)}`,
      router: routerPolicies,
      priority: policyPriority.inside,
      match: inAddressSet(ipFields[family].dst, underlaySet(family)),
    }),
  ])
}

/**
 * What such a pod sends to our router and is not for another pod (a Service's endpoint that is no pod, a node) leaves by the pod's own node, also when it is
 * for another one: the host puts its own address in place of the pod's, and so the answer comes back this way and not over the provider's network.
 */
export function underlayPolicies(node: string, place: JoinPlace): OvnRow[] {
  return place.addresses.map(nextHop => {
    const family = ipFamily(nextHop)
    return reroutePolicy({
      key: `underlay/${node}/${family}`,
      router: routerPolicies,
      priority: policyPriority.underlay,
      match: and(inAddressSet(ipFields[family].src, underlaySet(family)), isChassisResident(nodePortName(node))),
      nextHop,
    })
  })
}

/** What pods of such networks reach by our router. */
export interface Reachable {
  /** Overlay networks, the join network. */
  readonly ranges: readonly Cidr[]
  readonly nodes: readonly IpAddress[]
}

/** Routes of a pod beside its default route, which is the provider's or ZStack's gateway. */
export function interconnectRoutes(
  { ranges, interconnect = [], services }: Network,
  serviceRanges: readonly Cidr[],
  reachable: Reachable,
): PodRoute[] {
  const nodes = reachable.nodes
    // A neighbour needs no router.
    .filter(address => !ranges.some(range => cidrContains(range, address)))
    .map(address => cidrOf(address, ipFamily(address) === 4 ? 32 : 128))
  const destinations = [...(services ? serviceRanges : []), ...reachable.ranges, ...nodes]
  return destinations.flatMap(destination => {
    const nextHop = interconnect.find(address => ipFamily(address) === destination.family)
    return nextHop === undefined ? [] : [{ destination, nextHop }]
  })
}
