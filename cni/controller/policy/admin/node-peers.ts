import { nodeSetId, nodeSetName, type Peer, type Selector, selects } from '@ovnkit/cni-policy'
import { type Family, ipFamily } from '@ovnkit/inet'
import { addressSet, addressSetIn, type OvnRow } from '@ovnkit/ovn'
import type { Desired, OvsdbObjects, OwnerKind, ReadableStore, View } from '@ovnkit/reconcile'
import type { NodeFacts } from '../../facts/node.ts'
import { setMembers } from '../../render/sets.ts'

export interface NodePeerWorld {
  readonly nodes: ReadableStore<NodeFacts, 'chassis'>
  /** Selectors of nodes that are peers, by `nodeSetId`. */
  readonly nodeSelectors: ReadableStore<Selector>
}

const families = [4, 6] as const

/** The addresses of nodes that policies name by labels: one pair of sets for each selector, which all rules share. */
export function nodePeersKind(world: NodePeerWorld, nb: Pick<OvsdbObjects, 'row' | 'element'>): OwnerKind {
  return {
    kind: 'policy-nodes',
    keys: world.nodeSelectors,
    order: 2.1,
    render(id, view) {
      const selector = view.get(world.nodeSelectors, id)
      if (selector === undefined) return { kind: 'objects', objects: [] }
      const rows: OvnRow[] = families.map(family => {
        const name = nodeSetName(id, family)
        return addressSet({ key: name, name })
      })
      return {
        kind: 'objects',
        objects: [...rows.map(row => nb.row(row)), ...members(world, nb, { id, selector, view })],
      }
    },
  }
}

function members(
  { nodes }: NodePeerWorld,
  nb: Pick<OvsdbObjects, 'element'>,
  { id, selector, view }: { readonly id: string; readonly selector: Selector; readonly view: View },
): Desired[] {
  const named = [...view.keys(nodes)].flatMap(key => {
    const node = view.get(nodes, key)
    return node !== undefined && selects(selector, node.labels) ? node.addresses : []
  })
  const unique = [...new Set(named)].sort()
  return setMembers(
    nb,
    family => nodeSetName(id, family),
    unique.map(text => ({ text, family: ipFamily(text) })),
  )
}

/** What stands for such peers in an expression. */
export const nodePeerSets = ({ selector }: Extract<Peer, { kind: 'nodes' }>, family: Family): string[] => [
  addressSetIn(nodeSetName(nodeSetId(selector), family)),
]
