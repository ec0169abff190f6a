import { clusterRouter, joinGateway, joinSwitch, nowhere } from '@ovnkit/cni-api'
import { type Cidr, macFromIp } from '@ovnkit/inet'
import {
  addressSet,
  allowPolicy,
  equals,
  logicalRouter,
  logicalSwitch,
  type OvnRow,
  routerAttachment,
  routerPort,
  staticRoute,
} from '@ovnkit/ovn'
import {
  anywhere,
  ipFields,
  joinPorts,
  overlaySet,
  policyPriority,
  routerPolicies,
  routerPorts,
  routerRoutes,
} from './layout.ts'

const joinPort = `${clusterRouter}-${joinSwitch}`

/** What exists once: the router over all networks, the join network that leads to the hosts, and the set of pods' ranges. */
export function clusterRows(join: readonly Cidr[]): OvnRow[] {
  const [first] = join
  if (first === undefined) return []
  return [
    logicalRouter({
      key: clusterRouter,
      name: clusterRouter,
      // Every address is known from the ports: nothing is learned from what pods send, and no neighbour flow per pair of ports is needed.
      options: { always_learn_from_arp_request: 'false', dynamic_neigh_routers: 'true' },
    }),
    logicalSwitch({ key: joinSwitch, name: joinSwitch }),
    routerPort({
      key: joinPort,
      name: joinPort,
      router: routerPorts,
      mac: macFromIp(joinGateway(first)),
      networks: join.map(range => `${joinGateway(range)}/${range.prefixLength}`),
    }),
    routerAttachment({
      key: `${joinSwitch}-${clusterRouter}`,
      name: `${joinSwitch}-${clusterRouter}`,
      switch: joinPorts,
      routerPort: joinPort,
    }),
    ...join.map(range =>
      staticRoute({
        key: `default/${range.family}`,
        router: routerRoutes,
        prefix: anywhere[range.family],
        nextHop: nowhere(range),
      }),
    ),
    ...join.map(range =>
      allowPolicy({
        key: `inside/${range.text}`,
        router: routerPolicies,
        priority: policyPriority.inside,
        match: equals(ipFields[range.family].dst, range.text),
      }),
    ),
    ...([4, 6] as const).map(family =>
      // Filled by the networks.
      addressSet({ key: overlaySet(family), name: overlaySet(family) }),
    ),
  ]
}
