import { nodePortName } from '@ovnkit/cni-api'
import type { Protocol } from '@ovnkit/cni-service'
import { type IpAddress, ipFamily } from '@ovnkit/inet'
import { and, equals, isChassisResident, type OvnRow, oneOf, reroutePolicy } from '@ovnkit/ovn'
import type { ReadableStore, View } from '@ovnkit/reconcile'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import { ipFields, policyPriority, routerPolicies } from './layout.ts'

/** A port of pods on one node that clients reach at the node's own addresses, and whom they come to with their own. */
export interface Published {
  readonly node: string
  readonly protocol: Protocol
  /** Of the pods, not of the node. */
  readonly port: number
  readonly addresses: readonly IpAddress[]
}

const sourcePort = { TCP: 'tcp.src', UDP: 'udp.src', SCTP: 'sctp.src' } as const

/**
 * The node translated the destination (hostPort, externalTrafficPolicy Local) and the client kept its address: the answer must pass the same node. By its destination
 * alone it would not, when the client is another node, or pods leave through a gateway router.
 *
 * @param of whose they are, for the rows' keys
 */
export function replyPolicies(
  of: string,
  published: readonly Published[],
  joins: ReadableStore<JoinPlace>,
  view: View,
): OvnRow[] {
  return published.flatMap(({ node, protocol, port, addresses }) =>
    (view.get(joins, node)?.addresses ?? []).flatMap(nextHop => {
      const family = ipFamily(nextHop)
      const own = addresses.filter(address => ipFamily(address) === family)
      if (own.length === 0) return []
      return reroutePolicy({
        key: `replies/${of}/${node}/${protocol}/${port}/${family}`,
        router: routerPolicies,
        priority: policyPriority.replies,
        match: and(
          isChassisResident(nodePortName(node)),
          oneOf(ipFields[family].src, own),
          equals(sourcePort[protocol], port),
        ),
        nextHop,
      })
    }),
  )
}
