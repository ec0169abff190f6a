import {
  annotationNames,
  externalIds,
  formatPodNetworks,
  type OvnNames,
  type PodRoute,
  podPortName,
} from '@ovnkit/cni-api'
import { type Cidr, type Family, ipFamily, macFromIp } from '@ovnkit/inet'
import { type OvnRow, vifPort } from '@ovnkit/ovn'
import type { PodPlace } from '../facts/pod.ts'
import type { Assigned } from '../ipam/assignment.ts'
import { type Network, switchNameIn } from '../subnet/network.ts'
import { interconnectRoutes, type Reachable } from './interconnect.ts'
import { switchOf } from './layout.ts'
import type { Published } from './replies.ts'

/** Key of the row of a pod's port. */
export const podRowKey = ({ namespace, name, uid }: PodPlace): string => `pod/${namespace}/${name}/${uid}`

/** What a pod's port is made with, beside the pod and its network. */
export interface PortSurroundings {
  readonly chassis: string
  /** UUIDs of the network's DHCP_Options. */
  readonly dhcp: Partial<Record<Family, string>>
  /** Port groups of others that the port joins. */
  readonly groups: readonly string[]
}

/**
 * A pod's logical port. The row belongs to this pod instance: a pod that is created anew under the name gets a row of its own, which the
 * interface of its predecessor cannot bind (`iface-id-ver`).
 */
export function podPort(
  pod: PodPlace,
  assigned: Assigned,
  network: Network,
  { chassis, dhcp, groups }: PortSurroundings,
): OvnRow {
  return vifPort({
    key: podRowKey(pod),
    name: podPortName(pod.namespace, pod.name),
    switch: switchOf(network, 'ports'),
    mac: podMac(assigned),
    addresses: assigned.addresses,
    secured: true,
    requestedChassis: chassis,
    interfaceVersion: pod.uid,
    dhcp,
    externalIds: {
      [externalIds.namespace]: pod.namespace,
      [externalIds.pod]: pod.name,
      [externalIds.podUid]: pod.uid,
      [externalIds.securityGroups]: groups.length === 0 ? undefined : groups.join(),
    },
  })
}

/** The pod's ports that are reached at its node's addresses; hostPorts of one container port count once. */
export function publishedPorts({ hostPorts }: PodPlace, { node, addresses }: Assigned): Published[] {
  const ports = new Map(hostPorts.map(port => [`${port.protocol} ${port.containerPort}`, port]))
  return [...ports.values()].map(({ protocol, containerPort: port }) => ({ node, protocol, port, addresses }))
}

/** What a pod's network is told with, beside the pod itself. */
export interface PodSurroundings {
  readonly services: readonly Cidr[]
  /** On networks whose gateway is not ours. */
  readonly reachable: Reachable | undefined
  readonly names: OvnNames
}

/** The annotations that tell a pod's network, to the agent and to people. */
export function podAnnotations(
  pod: PodPlace,
  assigned: Assigned,
  network: Network,
  { services, reachable, names: ovn }: PodSurroundings,
): Record<string, string> {
  const names = annotationNames.pod
  const mac = podMac(assigned)
  return {
    [names.podNetworks]: formatPodNetworks({
      addresses: assigned.addresses.map((ip, i) => ({ ip, prefixLength: network.ranges[i]?.prefixLength ?? 0 })),
      mac,
      gateways: network.gateways,
      routes: reachable ? interconnectRoutes(network, services, reachable) : gatewayRoutes(network, services),
    }),
    [names.podUid]: pod.uid,
    [names.podIp]: assigned.addresses.join(','),
    [names.podMac]: mac,
    [names.subnet]: network.subnet,
    [names.logicalSwitch]: switchNameIn(network, ovn),
    [names.logicalSwitchPort]: ovn.of(podPortName(pod.namespace, pod.name)),
  }
}

function gatewayRoutes({ gateways }: Network, destinations: readonly Cidr[]): PodRoute[] {
  return destinations.flatMap(destination =>
    gateways.filter(nextHop => ipFamily(nextHop) === destination.family).map(nextHop => ({ destination, nextHop })),
  )
}

function podMac(assigned: Assigned) {
  const [first] = assigned.addresses
  if (first === undefined) throw new Error('an assignment has at least one address')
  return macFromIp(first)
}
