import {
  clusterEndpoints,
  type Endpoint,
  endpointsOf,
  externalAddresses,
  hintedBy,
  isServed,
  localEndpoints,
  type ServiceFacts,
  type ServicePort,
  type SliceFacts,
} from '@ovnkit/cni-service'
import { type Family, type IpAddress, ipFamily } from '@ovnkit/inet'
import type { BalancerGroup } from './layout.ts'

/** The nodes and their zones, as far as somebody asks. */
export interface Nodes {
  names(): Iterable<string>
  /** Undefined: there is no such node. */
  zone(name: string): string | undefined
}

/** One address and port of a Service, for the clients of one group or of both. */
export interface Vip {
  readonly port: ServicePort
  readonly address: IpAddress
  readonly family: Family
  readonly groups: readonly BalancerGroup[]
  /** The same endpoints everywhere, none when nobody serves, or the endpoints of each node that has some. */
  readonly endpoints: readonly Endpoint[] | ReadonlyMap<string, readonly Endpoint[]>
}

export const isPerNode = (endpoints: Vip['endpoints']): endpoints is ReadonlyMap<string, readonly Endpoint[]> =>
  endpoints instanceof Map

/**
 * What a Service's addresses mean, for pods and for hosts. They differ in internalTrafficPolicy Local alone: the balancers of the hosts also carry what came from outside, which this
 * policy does not concern, so a host's own clients are the agent's business.
 *
 * @param nodes undefined where the server cannot tell nodes apart (before OVN 22.12): then everybody gets all endpoints
 */
export function vipsOf(service: ServiceFacts, slices: readonly SliceFacts[], nodes: Nodes | undefined): Vip[] {
  return [...clusterVips(service, slices, nodes), ...externalVips(service, slices)]
}

/**
 * External addresses under externalTrafficPolicy Local: for pods they are a short way to every endpoint, as with kube-proxy, and the client's address is to be kept; by way of
 * a host it would be lost. Who may come under `loadBalancerSourceRanges` is judged by hosts.
 */
function externalVips(service: ServiceFacts, slices: readonly SliceFacts[]): Vip[] {
  if (!service.externalLocal || service.sourceRanges.length > 0) return []
  return service.ports.flatMap(port =>
    externalAddresses(service).map((address): Vip => {
      const family = ipFamily(address)
      const endpoints = clusterEndpoints(endpointsOf(service, port, family, slices))
      return { port, address, family, groups: ['pods'], endpoints }
    }),
  )
}

function clusterVips(service: ServiceFacts, slices: readonly SliceFacts[], nodes: Nodes | undefined): Vip[] {
  return service.ports.flatMap(port =>
    service.clusterIPs.flatMap(address => {
      const family = ipFamily(address)
      const endpoints = endpointsOf(service, port, family, slices)
      const vip = (groups: Vip['groups'], chosen: Vip['endpoints']): Vip => ({
        port,
        address,
        family,
        groups,
        endpoints: chosen,
      })
      const cluster = forCluster(endpoints, nodes)
      // Where nobody serves at all, policy Local rejects as policy Cluster does.
      if (nodes === undefined || !service.internalLocal || !isServed(endpoints)) return [vip(both, cluster)]
      return [vip(['pods'], forLocal(endpoints, nodes)), vip(['hosts'], cluster)]
    }),
  )
}

const both: readonly BalancerGroup[] = ['pods', 'hosts']

function forCluster(endpoints: readonly Endpoint[], nodes: Nodes | undefined): Vip['endpoints'] {
  const by = hintedBy(endpoints)
  if (nodes === undefined || (!by.nodes && !by.zones)) return clusterEndpoints(endpoints)
  return new Map(
    [...nodes.names()].map(
      node => [node, clusterEndpoints(endpoints, { node, zone: nodes.zone(node) ?? '' })] as const,
    ),
  )
}

function forLocal(endpoints: readonly Endpoint[], nodes: Nodes): Vip['endpoints'] {
  const found = new Map<string, readonly Endpoint[]>()
  for (const { node } of endpoints) {
    if (found.has(node) || nodes.zone(node) === undefined) continue
    const local = localEndpoints(endpoints, node)
    if (local.length > 0) found.set(node, local)
  }
  return found
}
