import { type Endpoint, endpointsOf, type ServiceFacts, type SliceFacts } from '@ovnkit/cni-service'
import { type IpAddress, ipFamily } from '@ovnkit/inet'
import type { Published } from '../render/replies.ts'

/** Where clients from outside reach the endpoints of a Service with their own addresses: under externalTrafficPolicy Local, on the endpoints' own nodes. */
export function publishedBy(service: ServiceFacts, slices: readonly SliceFacts[]): Published[] {
  if (!service.externalLocal) return []
  return service.ports.flatMap(port => {
    const families = service.clusterIPs.map(ipFamily)
    const endpoints = families.flatMap(family => endpointsOf(service, port, family, slices))
    const places = Map.groupBy(
      endpoints.filter(({ node, state }) => node !== '' && state !== 'down'),
      ({ node, port: number }) => `${node} ${number}`,
    )
    return places
      .values()
      .flatMap(group => placeOf(port.protocol, group))
      .toArray()
  })
}

/** Addresses of a Service that are no ClusterIPs: the host that a client's packet comes to serves them (nftables), and balancers of OVN do not know them. */
export function externalAddresses({ externalIPs, ingress }: ServiceFacts): IpAddress[] {
  const balanced = ingress.flatMap(({ ip, mode }) => (mode === 'VIP' ? [ip] : []))
  return [...new Set([...externalIPs, ...balanced])]
}

function placeOf(protocol: Published['protocol'], group: readonly Endpoint[]): Published[] {
  const [first] = group
  if (first === undefined) return []
  return [{ node: first.node, protocol, port: first.port, addresses: group.map(({ address }) => address) }]
}
