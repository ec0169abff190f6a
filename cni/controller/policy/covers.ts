import { serviceSource } from '@ovnkit/cni-api'
import {
  type Block,
  blockKey,
  type NodeAddresses,
  type NodeCover,
  nodeCover,
  type Policy,
  peersIn,
} from '@ovnkit/cni-policy'
import { type Cidr, cidrContains } from '@ovnkit/inet'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import { oncePerTurn } from '../once-per-turn.ts'

export interface CoverOptions {
  readonly policies: ReadableStore<Policy>
  readonly nodes: ReadableStore<NodeFacts>
  readonly joins: ReadableStore<JoinPlace>
  readonly join: readonly Cidr[]
}

/** Keeps for every block that policies let in what it means for nodes, by `blockKey`. Most blocks mean nothing for them, and have no entry. */
export class BlockCovers implements Disposable {
  readonly store: Store<NodeCover> = new Store<NodeCover>({ name: 'blocks with nodes', equals: same })
  readonly #options: CoverOptions
  readonly #blocks = new Map<string, { readonly block: Block; count: number }>()
  readonly #resources = new DisposableStack()
  #nodes: readonly NodeAddresses[] = []

  constructor(options: CoverOptions) {
    this.#options = options
  }

  start(): void {
    const { policies, nodes, joins } = this.#options
    this.#nodes = this.#allNodes()
    for (const key of policies.keys()) this.#count(policies.get(key), 1)
    this.#resources.use(
      policies.subscribe((_, policy, old) => {
        this.#count(policy, 1)
        this.#count(old, -1)
      }),
    )
    const look = oncePerTurn(() => this.#resources.disposed || this.#lookAtAll())
    this.#resources.use(nodes.subscribe((_, node, old) => same(node?.internal, old?.internal) || look()))
    this.#resources.use(joins.subscribe(look))
    this.store.markSynced()
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  #count(policy: Policy | undefined, change: 1 | -1): void {
    for (const block of blocksOf(policy)) {
      const key = blockKey(block)
      const known = this.#blocks.get(key)
      if (known !== undefined) known.count += change
      else this.#blocks.set(key, { block, count: change })
      if (known === undefined) this.#look(key, block)
      else if (known.count === 0) {
        this.#blocks.delete(key)
        this.store.delete(key)
      }
    }
  }

  #lookAtAll(): void {
    this.#nodes = this.#allNodes()
    for (const [key, { block }] of this.#blocks) this.#look(key, block)
  }

  #look(key: string, block: Block): void {
    const cover = nodeCover(block, this.#nodes, this.#options.join)
    if (cover === undefined) this.store.delete(key)
    else this.store.set(key, cover)
  }

  #allNodes(): NodeAddresses[] {
    const { nodes, joins, join } = this.#options
    return [...nodes.keys()].flatMap(name => {
      const [own, place] = [nodes.get(name)?.internal, joins.get(name)]
      return own === undefined || place === undefined ? [] : [{ own, seen: seenOf(place, join) }]
    })
  }
}

/** From its management port a node comes as itself, and as a client of Services from another address. */
const seenOf = ({ addresses }: JoinPlace, join: readonly Cidr[]) =>
  addresses.flatMap(address => {
    const range = join.find(one => cidrContains(one, address))
    return range === undefined ? [address] : [address, serviceSource(address, range)]
  })

const blocksOf = (policy: Policy | undefined): Block[] =>
  (policy?.rules ?? []).flatMap(({ direction, peers }) =>
    direction === 'ingress' ? peersIn(peers).flatMap(peer => (peer.kind === 'block' ? [peer] : [])) : [],
  )
