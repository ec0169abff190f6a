import { annotationNames } from '@ovnkit/cni-api'
import type { IpAddress } from '@ovnkit/inet'
import { selects } from '@ovnkit/kube'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import { oncePerTurn } from '../once-per-turn.ts'
import { type Claim, type NodeState, planHolders } from './plan.ts'
import type { Prober } from './prober.ts'

export interface HoldersOptions {
  readonly nodes: ReadableStore<NodeFacts>
  readonly prober: Pick<Prober, 'lives' | 'watch'>
}

/** With more possible holders than this only the actual ones are watched. */
const watchedCandidates = 50

/**
 * One node for everything that lives on exactly one. `claims` is filled by whoever has something to place; `store` says who holds it. The choice is made again
 * when claims, nodes or their signs of life change, once for all changes of one turn, and stays as it was where it can.
 */
export class Holders implements Disposable {
  readonly claims: Store<Claim> = new Store<Claim>({ name: 'claims', equals: same })
  /** Name of the node by claim. */
  readonly store: Store<string> = new Store<string>({ name: 'holders' })
  readonly #options: HoldersOptions
  readonly #resources = new DisposableStack()
  readonly #schedule = oncePerTurn(() => {
    if (!this.#resources.disposed) this.#plan()
  })

  constructor(options: HoldersOptions) {
    this.#options = options
  }

  /** @param recorded who held what before this process */
  start(recorded: ReadonlyMap<string, string>): void {
    const { nodes, prober } = this.#options
    for (const [key, node] of recorded) if (this.claims.has(key)) this.store.set(key, node)
    this.#plan()
    this.store.markSynced()
    for (const source of [this.claims, nodes, prober.lives])
      this.#resources.use(source.subscribe(() => this.#schedule()))
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  #plan(): void {
    const claims = new Map(this.claims.entries())
    const nodes = claims.size === 0 ? [] : [...this.#options.nodes.keys()].flatMap(name => this.#stateOf(name))
    this.store.replace(planHolders({ claims, nodes, current: new Map(this.store.entries()) }))
    this.#watch(claims, nodes)
  }

  /** A node without an agent cannot hold anything: the agent records the chassis. */
  #stateOf(name: string): NodeState[] {
    const node = this.#options.nodes.get(name)
    if (node?.annotations[annotationNames.node.chassis] === undefined) return []
    const answers = this.#options.prober.lives.get(name) !== 'silent'
    return [{ name, labels: node.labels, ready: node.ready, schedulable: node.schedulable, answers }]
  }

  /** Everybody who may hold something, so that the next holder is known to live; of very many only those who do. */
  #watch(claims: ReadonlyMap<string, Claim>, nodes: readonly NodeState[]): void {
    const candidates = nodes.filter(({ labels }) =>
      [...claims.values()].some(({ nodeSelector }) => nodeSelector === undefined || selects(nodeSelector, labels)),
    )
    const names =
      candidates.length <= watchedCandidates
        ? candidates.map(({ name }) => name)
        : [...new Set([...this.store.entries()].map(([, name]) => name))]
    const watched = new Map<string, IpAddress>()
    for (const name of names) {
      const [address] = this.#options.nodes.get(name)?.internal ?? []
      if (address !== undefined) watched.set(name, address)
    }
    this.#options.prober.watch(watched)
  }
}
