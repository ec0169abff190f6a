import { endpointsOf, localEndpoints, type ServiceFacts } from '@ovnkit/cni-service'
import { ipFamily } from '@ovnkit/inet'
import type { HostContext } from '../host/context.ts'

/** How many ready endpoints of a Service are on this node, whatever port they serve: what a load balancer goes by. */
export function readyHere(
  { slices, node }: Pick<HostContext, 'slices' | 'node'>,
  key: string,
  service: ServiceFacts,
): number {
  const own = [...slices.by('service', key)].map(([, slice]) => slice)
  const families = [...new Set(service.clusterIPs.map(ipFamily))]
  const addresses = service.ports.flatMap(port =>
    families.flatMap(family =>
      localEndpoints(endpointsOf(service, port, family, own), node).filter(({ state }) => state === 'ready'),
    ),
  )
  // One pod has an address of each family: the family that has more of them counts.
  const counts = families.map(
    family => new Set(addresses.filter(({ address }) => ipFamily(address) === family).map(each => each.address)).size,
  )
  return Math.max(0, ...counts)
}
