import type { OwnerKind, View } from '@ovnkit/reconcile'
import { isOverlay } from '../subnet/network.ts'
import { underlayPolicies, underlayRows } from './interconnect.ts'
import type { Makers, World } from './kinds.ts'
import { providerStatus } from './provider-status.ts'

/** What exists once there is a network whose gateway is not ours; a cluster without one has none of it. */
export function underlayKinds(world: World, { nb, kube }: Makers): OwnerKind[] {
  return [
    {
      kind: 'provider',
      keys: world.providers,
      order: 4,
      render: (name, view) => ({ kind: 'objects', objects: providerStatus(world, kube, name, view) }),
    },
    {
      kind: 'underlay',
      keys: ['-'],
      order: 0,
      render: (_, view) => ({
        kind: 'objects',
        objects: hasUnderlay(world, view) ? underlayRows().map(row => nb.row(row)) : [],
      }),
    },
    {
      kind: 'underlay-node',
      keys: world.joins,
      order: 2,
      render(node, view) {
        const place = view.get(world.joins, node)
        if (place === undefined || !hasUnderlay(world, view)) return { kind: 'objects', objects: [] }
        return { kind: 'objects', objects: underlayPolicies(node, place).map(row => nb.row(row)) }
      },
    },
  ]
}

function hasUnderlay(world: World, view: View): boolean {
  for (const key of view.keys(world.networks)) {
    const network = view.get(world.networks, key)
    if (network !== undefined && !isOverlay(network)) return true
  }
  return false
}
