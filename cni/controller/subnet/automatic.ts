import { externalIds, managedBy } from '@ovnkit/cni-api'
import { type Cidr, cidrsOverlap, hostAddress } from '@ovnkit/inet'
import type { KubeDesires } from '@ovnkit/kube'
import type { Desired, ReadableStore, View } from '@ovnkit/reconcile'
import type { SubnetFacts } from '../facts/subnet.ts'
import { automaticSubnet, subnetResource } from '../resources.ts'
import { type Network, networkKey } from './network.ts'

/**
 * The Subnet that the controller makes from `network.clusterCIDR`, so that an empty cluster works after the installation. It is wanted as long as no
 * Subnet of a user has addresses of that range.
 */
export function defaultSubnet(
  world: {
    readonly cluster: readonly Cidr[]
    readonly networks: ReadableStore<Network>
    readonly subnets: ReadableStore<SubnetFacts>
  },
  kube: KubeDesires,
  view: View,
): Desired[] {
  const { cluster } = world
  if (cluster.length === 0) return []
  for (const key of view.keys(world.networks)) {
    const network = view.get(world.networks, key)
    if (network === undefined || view.get(world.subnets, network.subnet)?.automatic === true) continue
    if (network.ranges.some(range => cluster.some(own => cidrsOverlap(own, range)))) return []
  }
  return [
    kube.object(subnetResource, {
      metadata: { name: automaticSubnet, labels: { [externalIds.managedBy]: managedBy } },
      spec: {
        cidr: networkKey(cluster),
        gateway: cluster.map(range => hostAddress(range, 1)).join(','),
        protocol: cluster.length > 1 ? 'Dual' : cluster[0]?.family === 6 ? 'IPv6' : 'IPv4',
        default: true,
      },
    }),
  ]
}
