import type { Endpoint } from '@ovnkit/cni-service'
import { type Family, type IpAddress, ipFamily } from '@ovnkit/inet'
import type { View } from '@ovnkit/reconcile'
import type { HostContext } from '../host/context.ts'
import { balanceRules, type PortOf } from './balance.ts'

/**
 * Where this host's own questions go that keep the node's address, under externalTrafficPolicy Local: to endpoints of this node, and to the node ports of the nodes that have the
 * others. An endpoint elsewhere, asked directly, would send its answers by its own node, which knows nothing of them. None when the node of some endpoint is not known.
 */
export function hostWays(
  { node, neighbours }: HostContext,
  view: View,
  { family, nodePort, endpoints }: { family: Family; nodePort: number; endpoints: readonly Endpoint[] },
): readonly Endpoint[] {
  if (nodePort === 0) return []
  const ways = endpoints.flatMap(endpoint => {
    if (endpoint.node === node) return [endpoint]
    const address = addressOf(view.get(neighbours, endpoint.node), family)
    return address === undefined ? [] : [{ ...endpoint, address, port: nodePort }]
  })
  return ways.length === endpoints.length ? ways : []
}

/** The rules for them, for questions that come with the node's address. */
export function hostRules({ node, nodes }: HostContext, view: View, port: PortOf, ways: readonly Endpoint[]): string[] {
  const own = addressOf(view.get(nodes, node)?.internalIps, port.family)
  if (own === undefined) return []
  return balanceRules(port, ways).map(rule => `${port.family === 4 ? 'ip' : 'ip6'} saddr ${own} ${rule}`)
}

const addressOf = (addresses: readonly IpAddress[] | undefined, family: Family) =>
  addresses?.find(address => ipFamily(address) === family)
