import {
  annotationNames,
  type InterfaceAddress,
  integrationBridge,
  interfaceIds,
  joinGateway,
  managementInterface,
  nodePortName,
  ovnNames,
  parseJoinAddresses,
  serviceSource,
} from '@ovnkit/cni-api'
import { type Cidr, cidrOf, type IpAddress, ipFamily, macFromIp } from '@ovnkit/inet'
import { KernelAddress, KernelLink, KernelRoute, userspaceDatapathOffloads } from '@ovnkit/linux'
import type { Desired, Rendered, View } from '@ovnkit/reconcile'
import { theSwitch } from '../facts/switch.ts'
import { type HostContext, linksOf, subnetsOf } from './context.ts'
import { chooseTunnel, findEncap, podMtu } from './encap.ts'
import { ovs } from './objects.ts'
import { serviceRanges } from './table.ts'

/** The management port: the host's way to pods, and in gateway mode local the pods' way out. */
export function renderManagement(context: HostContext, view: View): Rendered {
  const node = view.get(context.nodes, context.node)
  const local = view.get(context.switches, theSwitch)
  const text = node?.annotations[annotationNames.node.joinAddress]
  if (local?.datapath === undefined) {
    return { kind: 'wait', reason: 'NoBridge', message: `bridge ${integrationBridge} does not exist yet` }
  }
  if (text === undefined) {
    const message = `the controller has not given Node ${context.node} its address in the join network yet`
    return { kind: 'wait', reason: 'NoJoinAddress', message }
  }
  const encap = findEncap(context.config, node, linksOf(view, context.links))
  if ('problem' in encap) return { kind: 'wait', reason: 'NoTunnelAddress', message: encap.problem }
  const mtu = podMtu(context.config, encap, chooseTunnel(context.config, node?.annotations).type)
  const addresses = parseJoinAddresses(text)
  return {
    kind: 'objects',
    objects: [
      ...port(ovnNames(context.config.ovn.clusterName).of(nodePortName(context.node)), addresses, mtu),
      link(mtu, local.datapath === 'netdev', [...view.keys(context.published)].length > 0),
      ...addresses.map(
        ({ ip, prefixLength }) => new KernelAddress({ link: managementInterface, address: ip, prefixLength }),
      ),
      ...routes(context, view, addresses),
      ...sourceRoutes(context.config.network.joinCIDR, addresses),
    ],
  }
}

function port(logicalPort: string, addresses: readonly InterfaceAddress[], mtu: number): Desired[] {
  const [first] = addresses
  const mac = first && macFromIp(first.ip)
  const ids = { [interfaceIds.ifaceId]: logicalPort }
  const columns = { name: managementInterface, type: 'internal', mac, mtu_request: mtu, external_ids: ids }
  const parent = { table: 'Bridge', index: 'byName', value: integrationBridge, column: 'ports' }
  const interfaces = [ovs.ref('Interface', managementInterface)]
  return [
    ovs.row({ table: 'Interface', key: managementInterface, columns }),
    ovs.row({ table: 'Port', key: managementInterface, columns: { name: managementInterface, interfaces }, parent }),
  ]
}

/** @param published whether pods have hostPorts: those are to be had at the loopback addresses as well, whence the answers must be let in */
function link(mtu: number, userspace: boolean, published: boolean): Desired {
  return new KernelLink({
    name: managementInterface,
    up: true,
    mtu,
    ipv4: { rp_filter: 0, ...(published && { route_localnet: 1 }) },
    ...(userspace && { offloads: userspaceDatapathOffloads }),
  })
}

/** To pods, and to Services where they are ours, by way of the router's port on the join switch. */
function routes(context: HostContext, view: View, addresses: readonly InterfaceAddress[]): Desired[] {
  const { config, subnets } = context
  const overlay = subnetsOf(view, subnets).flatMap(subnet => (subnet.overlay ? subnet.ranges : []))
  const ranges = new Map([...overlay, ...serviceRanges(context, view)].map(range => [range.text, range]))
  return [...ranges.values()].flatMap(destination => {
    const via = gatewayOf(config.network.joinCIDR, destination)
    const joined = addresses.some(({ ip }) => ipFamily(ip) === destination.family)
    return via && joined ? [new KernelRoute({ destination, via, link: managementInterface })] : []
  })
}

/**
 * Answers of endpoints outside the cluster and on the host itself, to what the host sent to a Service: to the host's address as a client, which no interface has. On the
 * link nobody would answer for it but the host's own port.
 */
function sourceRoutes(join: readonly Cidr[], addresses: readonly InterfaceAddress[]): Desired[] {
  return addresses.flatMap(({ ip }) => {
    const range = join.find(each => each.family === ipFamily(ip))
    if (range === undefined) return []
    const destination = cidrOf(serviceSource(ip, range), range.family === 4 ? 32 : 128)
    return [new KernelRoute({ destination, via: joinGateway(range), link: managementInterface })]
  })
}

function gatewayOf(join: readonly Cidr[], { family }: Cidr): IpAddress | undefined {
  const range = join.find(each => each.family === family)
  return range && joinGateway(range)
}
