import { acl, inAddressSet, type OvnRow } from '@ovnkit/ovn'
import { localServiceSet } from '../service/layout.ts'
import type { Network } from '../subnet/network.ts'
import { aclPriority, ipFields, switchOf } from './layout.ts'

/**
 * Drops what a network's pods send to a Service that they reach on their own node only, where no balancer took it because there is no endpoint. The router would
 * drop it too, but by then the switch has remembered the connection, untranslated: a client of UDP that goes on asking from the same port would keep that alive,
 * and never be led to the endpoint that comes. Switches of ZStack's get no ACL of ours: the router's drop must do there.
 */
export function localServiceRows(network: Network): OvnRow[] {
  if (!network.services || network.externalSwitch !== undefined) return []
  return network.ranges.map(({ family }) =>
    acl({
      key: `local-services/${network.key}/${family}`,
      on: switchOf(network, 'acls'),
      direction: 'from-lport',
      priority: aclPriority.localService,
      match: inAddressSet(ipFields[family].dst, localServiceSet(family)),
      action: 'drop',
      afterBalancers: true,
    }),
  )
}
