import { ipFamily } from '@ovnkit/inet'
import { acl, and, equals, localnetPort, type OvnRow, oneOf, or } from '@ovnkit/ovn'
import type { Network } from '../subnet/network.ts'
import { aclPriority, switchOf } from './layout.ts'

/**
 * The way of an underlay network's switch to the wire. Nobody on the wire may learn our router's port: every chassis would answer with the same MAC, and the
 * frames that then come in for it would be taken in by all of them. The pods' questions are answered on their own chassis.
 */
export function providerRows(network: Network): OvnRow[] {
  const { underlay, interconnect = [], gateways } = network
  if (underlay === undefined) return []
  const name = `localnet-${gateways[0]}`
  const of = (family: 4 | 6) => interconnect.filter(address => ipFamily(address) === family)
  return [
    localnetPort({
      key: name,
      name,
      switch: switchOf(network, 'ports'),
      network: underlay.provider,
      tag: underlay.vlan,
    }),
    acl({
      key: `unseen/${network.key}`,
      on: switchOf(network, 'acls'),
      direction: 'from-lport',
      priority: aclPriority.unseen,
      match: and(equals('inport', name), or(oneOf('arp.tpa', of(4)), oneOf('nd.target', of(6)))),
      action: 'drop',
    }),
    ...untracked(network, name),
  ]
}

/**
 * Nothing is tracked between switch and wire. Where a switch has balancers OVN would do it, to balance what comes in, and drop answers of the overlay to pods of
 * other nodes: they leave by the wire, while the questions came by the tunnel (northd, `ct.inv`). Pods' own ports track all the same.
 */
function untracked(network: Network, port: string): OvnRow[] {
  return (['inport', 'outport'] as const).map(field =>
    acl({
      key: `wire/${field}/${network.key}`,
      on: switchOf(network, 'acls'),
      direction: field === 'inport' ? 'from-lport' : 'to-lport',
      priority: aclPriority.wire,
      match: equals(field, port),
      action: 'allow-stateless',
    }),
  )
}
