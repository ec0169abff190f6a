import { clusterRouter, joinSwitch } from '@ovnkit/cni-api'
import type { Family } from '@ovnkit/inet'
import type { Parent } from '@ovnkit/ovn'
import type { Network } from '../subnet/network.ts'

/** Keys, names and priorities that several renders agree on. */

export const routerPorts: Parent = { table: 'Logical_Router', key: clusterRouter, column: 'ports' }
export const routerRoutes: Parent = { table: 'Logical_Router', key: clusterRouter, column: 'static_routes' }
export const routerPolicies: Parent = { table: 'Logical_Router', key: clusterRouter, column: 'policies' }
export const joinPorts: Parent = { table: 'Logical_Switch', key: joinSwitch, column: 'ports' }

/** Row key of a network's switch. */
export const switchKey = (network: string) => `network/${network}`

/** A column of a network's switch, ours or ZStack's. */
export const switchOf = ({ key, externalSwitch }: Pick<Network, 'key' | 'externalSwitch'>, column: string): Parent =>
  externalSwitch === undefined
    ? { table: 'Logical_Switch', key: switchKey(key), column }
    : { table: 'Logical_Switch', index: 'byName', value: externalSwitch, column }

/** Of routing policies; the highest that matches wins. Gaps leave room for what routes pods otherwise. */
export const policyPriority = {
  /** To a Service that pods reach on their own node only, from a node without an endpoint of it: nowhere. */
  localService: 31000,
  /** Into our own networks: as the routing table says. */
  inside: 30000,
  /** Replies of what was reached at an address of its node: through the management port of that node, where they are translated back. */
  replies: 25000,
  /** From pods of networks whose gateway is not ours: through the management port of the pod's own node. */
  underlay: 24000,
  /** To an address of a node: through that node's management port. */
  node: 20000,
  /** From pods with a fixed source to anywhere else: through the management port of the node that holds their source. */
  egressIP: 15000,
  /** From pods to Service addresses that no balancer knows or that hosts serve, where they would leave by a gateway router: to the host of the pod's node. */
  unserved: 11000,
  /** From pods to anywhere else: through the management port or the gateway router of the pod's own node. */
  egress: 10000,
} as const

/** Of QoS rules. */
export const qosPriority = {
  /** A pod's bandwidth. */
  pod: 2000,
} as const

export const anywhere: Readonly<Record<Family, string>> = { 4: '0.0.0.0/0', 6: '::/0' }

/** Of ACLs; the highest that matches wins. */
export const aclPriority = {
  /** Questions from the wire for our router's addresses. */
  unseen: 32500,
  /** To a Service that pods reach on their own node only, and there is no endpoint of it: before every policy that would let it. */
  localService: 32500,
  /** What may not reach a private Subnet: before every policy that would let it. */
  isolation: 32000,
  /** What no policy may take away: a node to its own pods, a pod to itself, DHCP. */
  always: 31000,
  /** Where policies begin. What somebody else lets through from here on is never judged by them. */
  policy: 1000,
  /** Takes connections into account where nothing else on the switch does. Decides nothing. */
  tracking: 0,
  /** What passes between a switch and the wire. */
  wire: 1,
} as const

/** Of policies, on servers that have tiers (OVN 23.06): the one before the last, so that others can come before and after. */
export const policyTier = 2

/** The address set with the pods of all networks whose gateway is not ours. */
export const underlaySet = (family: Family) => `underlay_v${family}`

/** The address set with the ranges of all overlay networks of a family. */
export const overlaySet = (family: Family) => `overlay_v${family}`

/** The match fields of a family. */
export const ipFields = { 4: { src: 'ip4.src', dst: 'ip4.dst' }, 6: { src: 'ip6.src', dst: 'ip6.dst' } } as const
