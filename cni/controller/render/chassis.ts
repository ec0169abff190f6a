import { annotationNames, externalIds } from '@ovnkit/cni-api'
import type { OvsdbObjects, OwnerKind, ReadableStore } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import { type ChassisFacts, chassisNode } from '../ovn/chassis.ts'
import type { Identity } from '../ovn/identity.ts'

/**
 * What we write on the chassis of our nodes, which are ovn-controller's (and nothing on those of hypervisors): whose they are, so that they are found when their node is gone, and the tunnel's UDP
 * port, which OVN takes from nowhere else (ovn-sb(5), Encap `options:dst_port`).
 */
export function chassisKind(options: {
  readonly chassis: ReadableStore<ChassisFacts>
  readonly nodes: ReadableStore<NodeFacts, 'chassis'>
  readonly identity: Identity
  readonly sb: OvsdbObjects
  /** UDP port of tunnels of that type. */
  readonly tunnelPort: (type: string) => number
}): OwnerKind {
  const { chassis, nodes, identity, sb, tunnelPort } = options
  return {
    kind: 'chassis',
    keys: chassis,
    render(name, view) {
      const facts = view.get(chassis, name)
      const [node] = view.by(nodes, 'chassis', name)
      if (facts === undefined || node === undefined || !isOwn(node[1], identity))
        return { kind: 'objects', objects: [] }
      const entry = (table: string, uuid: string, column: string, key: string, value: string) =>
        sb.element({ row: { table, uuid }, column, key, value })
      return {
        kind: 'objects',
        objects: [
          entry('Chassis', facts.uuid, 'external_ids', chassisNode, node[0]),
          ...(identity.cluster === undefined
            ? []
            : [entry('Chassis', facts.uuid, 'external_ids', externalIds.cluster, identity.cluster)]),
          ...facts.encaps.map((uuid, i) =>
            entry('Encap', uuid, 'options', 'dst_port', String(tunnelPort(facts.types[i] ?? ''))),
          ),
        ],
      }
    },
  }
}

/** Where OVN is shared a chassis may be a hypervisor's, also under the node's name: its agent says whose it is. */
function isOwn({ annotations }: NodeFacts, { cluster }: Identity): boolean {
  const { chassis, foreignChassis } = annotationNames.node
  return cluster === undefined || (annotations[chassis] !== undefined && annotations[foreignChassis] !== 'true')
}
