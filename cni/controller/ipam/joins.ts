import { annotationNames, parseJoinAddresses } from '@ovnkit/cni-api'
import type { Cidr, IpAddress } from '@ovnkit/inet'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import { JoinAddresses, type JoinPlace } from './join-addresses.ts'

/** Gives each node its place in the join network, and keeps it through restarts by what the node's annotation or its port says. */
export class Joins {
  readonly store: Store<JoinPlace> = new Store<JoinPlace>({ name: 'joins', equals: same })
  readonly #addresses: JoinAddresses
  readonly #nodes: ReadableStore<NodeFacts>

  constructor(nodes: ReadableStore<NodeFacts>, ranges: readonly Cidr[]) {
    this.#nodes = nodes
    this.#addresses = new JoinAddresses(ranges)
  }

  /** @param ports addresses of nodes' ports in the Northbound database, for nodes whose annotation was not written yet */
  start(ports: (node: string) => readonly IpAddress[]): Disposable {
    const recorded = [...this.#nodes.keys()].sort().map(name => ({ name, addresses: this.#recorded(name) }))
    for (const { name, addresses } of recorded) if (addresses.length > 0) this.#take(name, addresses)
    for (const { name, addresses } of recorded) if (addresses.length === 0) this.#take(name, ports(name))
    this.store.markSynced()
    return this.#nodes.subscribe((name, node, old) => {
      if (node === undefined) this.#release(name)
      else if (old === undefined || this.store.get(name) === undefined) this.#take(name, this.#recorded(name))
    })
  }

  #recorded(name: string): readonly IpAddress[] {
    const text = this.#nodes.get(name)?.annotations[annotationNames.node.joinAddress]
    if (text === undefined) return []
    try {
      return parseJoinAddresses(text).map(({ ip }) => ip)
    } catch {
      // Anything may stand in an annotation; it is written anew.
      return []
    }
  }

  #take(name: string, addresses: readonly IpAddress[]): void {
    const place = this.#addresses.take(name, addresses)
    if (place !== undefined) this.store.set(name, place)
  }

  #release(name: string): void {
    this.#addresses.release(name)
    this.store.delete(name)
    // Somebody may wait for an address of the join network.
    for (const other of this.#nodes.keys())
      if (this.store.get(other) === undefined) this.#take(other, this.#recorded(other))
  }
}
