import { egressSetName } from '@ovnkit/cni-api'
import { type Cidr, type IpAddress, ipFamily } from '@ovnkit/inet'
import { addressSet, and, inAddressSet, not, type OvnRow, oneOf, reroutePolicy } from '@ovnkit/ovn'
import { ipFields, policyPriority, routerPolicies } from '../render/layout.ts'

/** Key of the address set with the pods that leave with an address. */
export const sourceSetKey = (address: IpAddress) => `egress/${address}`

/**
 * The set of pods that leave with an address, which the pods fill themselves, and the policy that leads their packets to the node that holds the address. It is above
 * the way out by the pod's own node, and below the ways to networks and nodes.
 *
 * @param nextHop address of the holder's management port; undefined while nobody holds the address: pods leave as others do
 */
export function sourceRows(address: IpAddress, nextHop: IpAddress | undefined, excluded: readonly Cidr[]): OvnRow[] {
  const family = ipFamily(address)
  const fields = ipFields[family]
  const set = addressSet({ key: sourceSetKey(address), name: egressSetName(address) })
  if (nextHop === undefined) return [set]
  const others = excluded.filter(range => range.family === family).map(range => range.text)
  const from = inAddressSet(fields.src, egressSetName(address))
  return [
    set,
    reroutePolicy({
      key: `egress-ip/${address}`,
      router: routerPolicies,
      priority: policyPriority.egressIP,
      match: others.length === 0 ? from : and(from, not(oneOf(fields.dst, others))),
      nextHop,
    }),
  ]
}
