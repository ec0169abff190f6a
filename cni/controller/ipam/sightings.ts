import { type AddressConflict, annotationNames, parseAddressConflicts } from '@ovnkit/cni-api'
import { Store, same } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'

/** A node found somebody on the wire with an address that a pod was to get. */
export interface Sighting extends Omit<AddressConflict, 'until'> {
  readonly node: string
}

/** What the nodes have found and not forgotten yet, by node and address. */
export function followSightings(nodes: Store<NodeFacts, 'chassis'>): {
  readonly store: Store<Sighting>
  readonly stop: Disposable
} {
  const store = new Store<Sighting>({ name: 'address conflicts', equals: same })
  const textOf = (node: NodeFacts | undefined) => node?.annotations[annotationNames.node.addressConflicts]
  const follow = (name: string, node: NodeFacts | undefined, old: NodeFacts | undefined) => {
    if (textOf(node) === textOf(old)) return
    const found = new Map(
      parseAddressConflicts(textOf(node)).map(({ until: _, ...one }) => [
        `${name}/${one.address}`,
        { ...one, node: name },
      ]),
    )
    for (const { address } of parseAddressConflicts(textOf(old)))
      if (!found.has(`${name}/${address}`)) store.delete(`${name}/${address}`)
    for (const [key, sighting] of found) store.set(key, sighting)
  }
  for (const [name, node] of nodes.entries()) follow(name, node, undefined)
  return { store, stop: nodes.subscribe(follow) }
}
