import { hairpinSources } from '@ovnkit/cni-api'
import { placeOf } from '@ovnkit/cni-policy'
import { type Cidr, complementOf, parseCidr } from '@ovnkit/inet'
import { acl, and, equals, type OvnRow, oneOf, type Parent, predicate } from '@ovnkit/ovn'
import type { Network } from '../subnet/network.ts'
import { aclPriority, ipFields, switchKey } from './layout.ts'

/** Never routed: a switch's own neighbours, and what our balancers put in place of a pod that calls itself through a Service. */
const always = ['169.254.0.0/16', 'fe80::/10', `${hairpinSources[6]}/128`].map(text => parseCidr(text))

/**
 * Who may not open connections to a private network: everybody but itself, the nodes (the join network) and `admits`. It is judged where a packet is delivered,
 * so Services are judged at their real endpoints. Answers to what its own pods began pass, because the switch tracks connections. A rule cannot say "none of
 * these" without a flow for each combination, so what is left of all addresses is written out: some 20 networks for each one that is let through.
 *
 * @param tiers whether the server asks ACLs in tiers: what takes connections into account matches everything, and so has to come last
 */
export function isolationRows(network: Network, join: readonly Cidr[], tiers: boolean): OvnRow[] {
  const { admits, ranges } = network
  if (admits === undefined || network.externalSwitch !== undefined) return []
  const on: Parent = { table: 'Logical_Switch', key: switchKey(network.key), column: 'acls' }
  const admitted = [...ranges, ...join, ...admits, ...always]
  return [
    acl({
      key: `tracking/${network.key}`,
      on,
      direction: 'to-lport',
      priority: aclPriority.tracking,
      match: predicate('ip'),
      action: 'allow-related',
      tier: placeOf('baseline', tiers).tier,
    }),
    ...ranges.map(range =>
      acl({
        key: `isolation/${range.text}`,
        on,
        direction: 'to-lport',
        priority: aclPriority.isolation,
        match: and(
          equals(ipFields[range.family].dst, range.text),
          oneOf(
            ipFields[range.family].src,
            complementOf(admitted, range.family).map(({ text }) => text),
          ),
        ),
        action: 'drop',
      }),
    ),
  ]
}
