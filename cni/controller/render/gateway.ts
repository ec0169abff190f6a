import {
  externalNetwork,
  externalSwitchName,
  gatewayRouterAddress,
  gatewayRouterName,
  joinGateway,
  joinSwitch,
  type NodeGateway,
  nodePortName,
  nowhere,
} from '@ovnkit/cni-api'
import { type Cidr, cidrContains, type IpAddress, ipFamily, macFromIp } from '@ovnkit/inet'
import {
  and,
  inAddressSet,
  isChassisResident,
  localnetPort,
  logicalRouter,
  logicalSwitch,
  type OvnRow,
  oneOf,
  type Parent,
  reroutePolicy,
  routerAttachment,
  routerPort,
  staticRoute,
} from '@ovnkit/ovn'
import type { NodeFacts } from '../facts/node.ts'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import { externalServiceSet } from '../service/layout.ts'
import { anywhere, ipFields, joinPorts, overlaySet, policyPriority, routerPolicies, routerRoutes } from './layout.ts'

export interface GatewayPlan {
  readonly node: NodeFacts
  readonly gateway: NodeGateway
  readonly place: JoinPlace
  readonly join: readonly Cidr[]
}

/**
 * The gateway router of a node in mode shared: bound to the node's chassis, between the join network and a switch that is the node's bridge to the outer network, where
 * it has the node's own addresses and MAC. It translates nothing: the bridge does, which sees the host's connections as well (`cni/node/gateway/flows.ts`).
 */
export function gatewayRows(plan: GatewayPlan): OvnRow[] {
  const { node, gateway } = plan
  const name = gatewayRouterName(node.name)
  const own = gatewayAddresses(plan)
  const [first] = own
  if (first === undefined || gateway.addresses.length === 0) return []
  const ports: Parent = { table: 'Logical_Router', key: name, column: 'ports' }
  const inner = `${name}-${joinSwitch}`
  return [
    logicalRouter({
      key: name,
      name,
      options: {
        chassis: node.chassis,
        always_learn_from_arp_request: 'false',
        dynamic_neigh_routers: 'true',
        // A machine of the outer network may come back with another MAC (since OVN 22.09; ignored before).
        mac_binding_age_threshold: '300',
      },
    }),
    routerPort({
      key: inner,
      name: inner,
      router: ports,
      mac: macFromIp(first),
      networks: own.map((ip, i) => `${ip}/${plan.join[i]?.prefixLength}`),
      // What is too large for pods is answered with "fragmentation needed" or "packet too big".
      options: { gateway_mtu: String(gateway.mtu) },
    }),
    routerAttachment({
      key: `${joinSwitch}-${name}`,
      name: `${joinSwitch}-${name}`,
      switch: joinPorts,
      routerPort: inner,
    }),
    ...outerRows(plan, ports),
    ...plan.join.flatMap(range => routes(plan, range)),
    ...own.flatMap(address => solicitation(`to/${name}`, routerRoutes, address)),
    ...plan.join.flatMap(range => solicitation(`from/${name}`, { ...routerRoutes, key: name }, joinGateway(range))),
  ]
}

/**
 * A route to a neighbour that policies lead to. They do not need it, but OVN asks for an IPv6 neighbour that is the next hop of no route by the multicast address of
 * the packet's destination (seen in 23.03), and nobody answers.
 */
function solicitation(key: string, on: Parent, neighbour: IpAddress): OvnRow[] {
  if (ipFamily(neighbour) === 4) return []
  return [staticRoute({ key, router: on, prefix: `${neighbour}/128`, nextHop: neighbour })]
}

/** The addresses of the gateway router in the join network, in the order of its ranges. */
function gatewayAddresses({ place, join }: Pick<GatewayPlan, 'place' | 'join'>): IpAddress[] {
  return place.addresses.flatMap(address => {
    const range = join.find(one => cidrContains(one, address))
    return range === undefined ? [] : [gatewayRouterAddress(address, range)]
  })
}

function outerRows({ node, gateway }: GatewayPlan, ports: Parent): OvnRow[] {
  const outer = externalSwitchName(node.name)
  const onOuter: Parent = { table: 'Logical_Switch', key: outer, column: 'ports' }
  const port = `${gatewayRouterName(node.name)}-ext`
  return [
    logicalSwitch({ key: outer, name: outer }),
    localnetPort({
      key: `localnet-${outer}`,
      name: `localnet-${outer}`,
      switch: onOuter,
      network: externalNetwork,
      tag: 0,
    }),
    routerPort({
      key: port,
      name: port,
      router: ports,
      mac: gateway.mac,
      networks: gateway.addresses.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`),
    }),
    routerAttachment({ key: `${outer}-router`, name: `${outer}-router`, switch: onOuter, routerPort: port }),
  ]
}

/** Into our networks by way of the cluster router, everything else to the outer network's router. A route must exist for policies to be looked at. */
function routes({ node, gateway }: GatewayPlan, range: Cidr): OvnRow[] {
  const { family } = range
  const key = `${gatewayRouterName(node.name)}/${family}`
  const nextHop = gateway.nextHops.find(ip => ipFamily(ip) === family) ?? nowhere(range)
  const on = (column: string): Parent => ({ table: 'Logical_Router', key: gatewayRouterName(node.name), column })
  return [
    staticRoute({ key, router: on('static_routes'), prefix: anywhere[family], nextHop }),
    reroutePolicy({
      key: `inside/${key}`,
      router: on('policies'),
      priority: policyPriority.inside,
      match: inAddressSet(ipFields[family].dst, overlaySet(family)),
      nextHop: joinGateway(range),
    }),
  ]
}

/**
 * Where pods of the node leave for anywhere outside: by the gateway router as soon as its bridge takes them; by the host before that, and of a family that the node
 * does not have out there. Service addresses that no balancer took stay with the host, and so do those that it serves itself (external ones, load balancers').
 */
export function egressPolicies(
  plan: Omit<GatewayPlan, 'gateway'> & {
    readonly services: readonly Cidr[]
    readonly gateway: NodeGateway | undefined
  },
): OvnRow[] {
  const { node, place, gateway, services } = plan
  return place.addresses.flatMap((management, i) => {
    const family = ipFamily(management)
    const fields = ipFields[family]
    const shared = gateway?.ready === true && gateway.addresses.some(({ ip }) => ipFamily(ip) === family)
    const router = gatewayAddresses(plan)[i]
    const own = and(inAddressSet(fields.src, overlaySet(family)), isChassisResident(nodePortName(node.name)))
    const unserved = services.filter(range => range.family === family).map(({ text }) => text)
    const policy = (key: string, priority: number, match: typeof own, nextHop: IpAddress) =>
      reroutePolicy({ key: `${key}/${node.name}/${family}`, router: routerPolicies, priority, match, nextHop })
    const leave = policy('egress', policyPriority.egress, own, shared && router !== undefined ? router : management)
    if (!shared) return [leave]
    const stay = (key: string, match: typeof own) => policy(key, policyPriority.unserved, and(own, match), management)
    return [
      leave,
      stay('external', inAddressSet(fields.dst, externalServiceSet(family))),
      ...(unserved.length === 0 ? [] : [stay('unserved', oneOf(fields.dst, unserved))]),
    ]
  })
}
