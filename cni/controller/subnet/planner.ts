import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import type { SubnetFacts } from '../facts/subnet.ts'
import type { Candidate, Candidates } from '../ipam/select.ts'
import type { NamedRange } from '../service/ranges.ts'
import type { Network } from './network.ts'
import type { ForeignSwitch } from './placement.ts'
import { planNetworks, type Verdict } from './plan.ts'

export interface SubnetPlannerOptions {
  readonly subnets: ReadableStore<SubnetFacts>
  readonly nodes: ReadableStore<NodeFacts>
  readonly external: boolean
  /** A switch that is not ours, by its name. */
  readonly foreignSwitch: (name: string) => ForeignSwitch | undefined
  /** Key of the network that `network.clusterCIDR` describes. */
  readonly clusterNetwork: string
  /** Ranges that no Subnet may touch, as they are now. */
  readonly reserved: () => readonly NamedRange[]
  /** Called after each plan: the Subnets, or what is known of them, changed. */
  readonly planned: () => void
}

/**
 * Keeps `networks` and `verdicts` as `planNetworks` says, whenever something that it looks at changes. Changes of one turn of the event loop are planned
 * once.
 */
export class SubnetPlanner implements Candidates {
  readonly networks: Store<Network> = new Store<Network>({ name: 'networks', equals: same })
  readonly verdicts: Store<Verdict> = new Store<Verdict>({ name: 'verdicts', equals: same })
  readonly #options: SubnetPlannerOptions
  readonly #byNamespace = new Map<string, Candidate[]>()
  readonly #resources = new DisposableStack()
  #default: Candidate | undefined
  #inUse: (network: string) => boolean = () => false
  #scheduled = false

  constructor(options: SubnetPlannerOptions) {
    this.#options = options
  }

  /**
   * Plans for the first time and from now on with every change.
   * @param known networks that exist already and their use, from before this process
   */
  start(known: { networks: readonly Network[]; inUse: (network: string) => boolean }): void {
    const { subnets, nodes } = this.#options
    this.#inUse = known.inUse
    this.#plan(known.networks)
    this.#resources.use(subnets.subscribe(() => this.schedule()))
    this.#resources.use(
      nodes.subscribe((_, node, old) => {
        if (!same(node?.addresses, old?.addresses)) this.schedule()
      }),
    )
  }

  /** From now on this tells which networks are in use. */
  follow(inUse: (network: string) => boolean): void {
    this.#inUse = inUse
    this.schedule()
  }

  stop(): void {
    this.#resources.dispose()
  }

  /** Plans at the end of this turn. */
  schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      if (!this.#resources.disposed) this.#plan([...this.networks.entries()].map(([, network]) => network))
    })
  }

  get(subnet: string): Candidate | undefined {
    const facts = this.#options.subnets.get(subnet)
    return facts && this.#candidate(facts)
  }

  forNamespace(namespace: string): readonly Candidate[] {
    return this.#byNamespace.get(namespace) ?? []
  }

  default(): Candidate | undefined {
    return this.#default
  }

  #plan(current: readonly Network[]): void {
    const { subnets, nodes, external, foreignSwitch, reserved } = this.#options
    const all = values(subnets)
    const plan = planNetworks({
      subnets: all,
      current,
      inUse: this.#inUse,
      external,
      foreignSwitch,
      reserved: reserved(),
      nodeAddresses: values(nodes).flatMap(({ name, addresses }) =>
        addresses.map(address => ({ node: name, address })),
      ),
    })
    this.networks.replace(plan.networks)
    this.verdicts.replace(plan.verdicts)
    this.#index(all)
    this.#options.planned()
  }

  #index(subnets: readonly SubnetFacts[]): void {
    this.#byNamespace.clear()
    const candidates = subnets.map(facts => ({ facts, candidate: this.#candidate(facts) }))
    for (const { facts, candidate } of candidates) {
      for (const namespace of facts.spec.namespaces ?? []) {
        const others = this.#byNamespace.get(namespace)
        if (others === undefined) this.#byNamespace.set(namespace, [candidate])
        else others.push(candidate)
      }
    }
    candidates.sort(
      (a, b) => this.#defaultRank(a.facts) - this.#defaultRank(b.facts) || a.facts.created - b.facts.created,
    )
    const best = candidates.find(({ facts }) => Number.isFinite(this.#defaultRank(facts)))
    this.#default = best?.candidate
  }

  /** The lowest is the default Subnet: one that says so, then the cluster network's, then, where ZStack owns the networks, the oldest for all namespaces. */
  #defaultRank(facts: SubnetFacts): number {
    const verdict = this.verdicts.get(facts.name)
    if (verdict?.kind === 'superseded') return Number.POSITIVE_INFINITY
    if (facts.spec.default === true && !facts.automatic) return 0
    const network = verdict?.kind === 'accepted' || verdict?.kind === 'refused' ? verdict.network : undefined
    if (facts.automatic || network === this.#options.clusterNetwork) return 1
    return this.#options.external && (facts.spec.namespaces ?? []).length === 0 ? 2 : Number.POSITIVE_INFINITY
  }

  #candidate(facts: SubnetFacts): Candidate {
    const verdict = this.verdicts.get(facts.name)
    const { name: subnet, created } = facts
    // The default serves whoever nobody else serves: its list adds namespaces, and shuts none out.
    const namespaces = facts.spec.default === true ? [] : (facts.spec.namespaces ?? [])
    const closed = (problem: string): Candidate => ({
      subnet,
      created,
      namespaces,
      network: undefined,
      open: false,
      problem,
    })
    if (facts.deleting) return closed('it is being deleted')
    switch (verdict?.kind) {
      case 'accepted':
        return { subnet, created, namespaces, network: verdict.network, open: true, problem: '' }
      case 'refused':
        return closed(verdict.problem.message)
      case 'superseded':
        return closed(`Subnet ${verdict.by} has taken its place`)
      default:
        return closed('it is not set up yet')
    }
  }
}

function values<V>(store: ReadableStore<V>): V[] {
  return [...store.keys()].flatMap(key => store.get(key) ?? [])
}
