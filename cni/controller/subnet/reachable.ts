import type { Cidr } from '@ovnkit/inet'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import type { Reachable } from '../render/interconnect.ts'
import { isOverlay, type Network } from './network.ts'

/** The only key of the store. */
export const everything = '-'

/**
 * What pods on networks of others reach by our router, as one value: their renders read it instead of all networks and all nodes, and run again only when it
 * differs.
 */
export function followReachable(options: {
  readonly networks: ReadableStore<Network>
  readonly nodes: ReadableStore<NodeFacts>
  readonly join: readonly Cidr[]
}): { readonly store: Store<Reachable>; readonly stop: Disposable } {
  const { networks, nodes, join } = options
  const store = new Store<Reachable>({ name: 'reachable', equals: same })
  const stop = new DisposableStack()
  let scheduled = false
  const look = () => {
    scheduled = false
    if (stop.disposed) return
    const overlay = values(networks).filter(isOverlay)
    store.replace([
      [
        everything,
        {
          ranges: [...overlay.flatMap(({ ranges }) => ranges), ...join].sort((a, b) => (a.text < b.text ? -1 : 1)),
          nodes: [...new Set(values(nodes).flatMap(({ addresses }) => addresses))].sort(),
        },
      ],
    ])
  }
  const schedule = () => {
    if (!scheduled) queueMicrotask(look)
    scheduled = true
  }
  stop.use(networks.subscribe(schedule))
  stop.use(
    nodes.subscribe((_, node, old) => {
      if (!same(node?.addresses, old?.addresses)) schedule()
    }),
  )
  look()
  return { store, stop }
}

function values<V>(store: ReadableStore<V>): V[] {
  return [...store.keys()].flatMap(key => store.get(key) ?? [])
}
