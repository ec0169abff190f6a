import { managementInterface } from '@ovnkit/cni-api'
import { hostAddress } from '@ovnkit/inet'
import type { Rendered, View } from '@ovnkit/reconcile'
import { type HostContext, linksOf, subnetsOf } from '../host/context.ts'
import { findEncap } from '../host/encap.ts'
import { hostTable } from '../host/table.ts'
import { legacyTable } from './legacy.ts'
import type { ForwardedPacket } from './packet.ts'
import { findObstacle, type Obstacle } from './verdict.ts'
import { theRuleset } from './watch.ts'

/**
 * Nothing to be set up: says when rules of somebody else (Docker, firewalld, ufw) throw away what the host forwards for pods. No rule of ours can prevent it: in
 * nftables a drop in one table is final, whatever another one accepts.
 */
export function renderForwarding(context: HostContext, view: View): Rendered {
  const ruleset = view.get(context.ruleset, theRuleset)
  const obstacle = packetsOf(context, view)
    .map(packet => findObstacle(ruleset, packet, `${hostTable.family} ${hostTable.name}`))
    .find(found => found !== undefined)
  if (obstacle === undefined) return { kind: 'objects', objects: [] }
  return { kind: 'invalid', reason: 'ForwardingBlocked', message: textOf(obstacle), objects: [] }
}

/** A connection of a pod to the world, and one of the world to a pod, of each overlay range. */
function packetsOf(context: HostContext, view: View): ForwardedPacket[] {
  const encap = findEncap(context.config, view.get(context.nodes, context.node), linksOf(view, context.links))
  const uplink = 'link' in encap ? encap.link : ''
  const ranges = subnetsOf(view, context.subnets).flatMap(subnet => (subnet.overlay ? subnet.ranges : []))
  return ranges.flatMap(range => {
    const pod = hostAddress(range, -2)
    return [
      { family: range.family, input: managementInterface, output: uplink, source: pod },
      { family: range.family, input: uplink, output: managementInterface, destination: pod },
    ]
  })
}

function textOf({ table, chain, by }: Obstacle): string {
  const [where, remedy] = /^ip6? filter$/.test(table)
    ? [table, remedies.iptables]
    : [
        table,
        table.endsWith(legacyTable)
          ? remedies.legacy
          : table.endsWith('firewalld')
            ? remedies.firewalld
            : remedies.nftables,
      ]
  const how = by === 'policy' ? `the policy of chain ${chain}` : `a rule of chain ${chain}`
  return `${how} in table ${where}${table.endsWith(legacyTable) ? '' : ' of nftables'} drops what this node forwards for pods, and no other table can accept it again; ${remedy}`
}

const remedies = {
  iptables:
    `let it pass: iptables -I FORWARD -i ${managementInterface} -j ACCEPT; iptables -I FORWARD -o ${managementInterface} -j ACCEPT ` +
    '(with Docker in chain DOCKER-USER; with ufw set DEFAULT_FORWARD_POLICY="ACCEPT" in /etc/default/ufw; ip6tables for IPv6), and keep it over reboots',
  legacy:
    `let it pass: iptables-legacy -I FORWARD -i ${managementInterface} -j ACCEPT; iptables-legacy -I FORWARD -o ${managementInterface} -j ACCEPT ` +
    '(ip6tables-legacy for IPv6), keep it over reboots, and restart the agent of this node, whom nobody tells of changes there',
  firewalld: `let it pass: firewall-cmd --permanent --zone=trusted --add-interface=${managementInterface}, a policy that accepts to and from that zone, firewall-cmd --reload`,
  nftables: `accept packets with iifname or oifname "${managementInterface}" in that chain`,
} as const
