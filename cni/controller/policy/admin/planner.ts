import {
  type AdminFacts,
  type AdminVerdict,
  type DomainUse,
  domainSetId,
  domainUse,
  nodeSelectors,
  type Policy,
  planAdmin,
  type Selector,
} from '@ovnkit/cni-policy'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import { oncePerTurn } from '../../once-per-turn.ts'
import { ofCluster } from '../domains/wanted.ts'

/**
 * The policies of the cluster, each in its place among the others. Any of them may move others, so all are planned anew when one changes: there are some hundreds at most, and only
 * those that become different are told of.
 */
export class AdminPlanner implements Disposable {
  readonly policies: Store<Policy> = new Store<Policy>({
    name: 'policies of the cluster in their places',
    equals: same,
  })
  readonly verdicts: Store<AdminVerdict> = new Store<AdminVerdict>({
    name: 'verdicts about policies of the cluster',
    equals: same,
  })
  /** Selectors of nodes that are peers, by `nodeSetId`. */
  readonly nodeSelectors: Store<Selector> = new Store<Selector>({ name: 'selectors of nodes', equals: same })
  /** Domain names that are peers, by `domainSetId`; */
  readonly domainNames: Store<string> = new Store<string>({ name: 'domain names' })
  /** and together with who may use them, by `ofCluster`. */
  readonly domainUse: Store<DomainUse> = new Store<DomainUse>({ name: 'use of domain names', equals: same })
  readonly #facts: ReadableStore<AdminFacts>
  readonly #tiers: boolean
  readonly #resources = new DisposableStack()

  constructor(facts: ReadableStore<AdminFacts>, tiers: boolean) {
    this.#facts = facts
    this.#tiers = tiers
    this.#plan()
    this.#resources.use(facts.subscribe(oncePerTurn(() => this.#resources.disposed || this.#plan())))
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  #plan(): void {
    const all = [...this.#facts.keys()].flatMap(key => this.#facts.get(key) ?? [])
    const { policies, verdicts } = planAdmin(all, this.#tiers)
    // Sets are there before rules that name them.
    this.nodeSelectors.replace(nodeSelectors(policies.values()))
    const use = domainUse(policies.values())
    this.domainNames.replace((use?.names ?? []).map(name => [domainSetId(name), name]))
    this.domainUse.replace(use === undefined ? [] : [[ofCluster, use]])
    this.policies.replace(policies)
    this.verdicts.replace(verdicts)
  }
}
