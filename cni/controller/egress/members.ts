import { type IpAddress, ipFamily } from '@ovnkit/inet'
import { type Labels, selects } from '@ovnkit/kube'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import type { PodFacts } from '../facts/pod.ts'
import { favourite } from '../holders/weight.ts'
import type { Assignment } from '../ipam/assignment.ts'
import { oncePerTurn } from '../once-per-turn.ts'
import { isOverlay, type Network } from '../subnet/network.ts'
import type { EgressPolicy } from './plan.ts'

/** A pod that leaves with a fixed source. */
export interface Member {
  /** Name of the EgressIP. */
  readonly policy: string
  /** Each of the pod's addresses with the one that it leaves with; those of a family that the EgressIP does not have are not here. */
  readonly sources: readonly { readonly pod: IpAddress; readonly source: IpAddress }[]
}

/** How many pods an EgressIP has, and how many that it selects are another one's. */
export interface EgressUsage {
  readonly pods: number
  readonly lost: number
}

export interface MembersOptions {
  readonly pods: ReadableStore<PodFacts>
  readonly assignments: ReadableStore<Assignment>
  readonly networks: ReadableStore<Network>
  readonly namespaces: ReadableStore<Labels>
  readonly policies: ReadableStore<EgressPolicy>
}

/**
 * Which pod leaves with which source. While there is no EgressIP it costs nothing; a change of a pod looks at that pod, a change of EgressIPs, namespaces or
 * networks at all pods.
 */
export class EgressMembers implements Disposable {
  /** By the pod's key. */
  readonly store: Store<Member> = new Store<Member>({ name: 'egress members', equals: same })
  readonly usage: Store<EgressUsage> = new Store<EgressUsage>({ name: 'egress usage', equals: same })
  readonly #options: MembersOptions
  readonly #resources = new DisposableStack()
  /** EgressIPs that select a pod, the oldest first; that one has it. */
  readonly #selecting = new Map<string, readonly string[]>()
  #policies: readonly EgressPolicy[] = []
  readonly #schedule = oncePerTurn(() => {
    if (!this.#resources.disposed) this.#lookAtAll()
  })

  constructor(options: MembersOptions) {
    this.#options = options
  }

  start(): void {
    const { pods, assignments, networks, namespaces, policies } = this.#options
    this.#lookAtAll()
    this.store.markSynced()
    this.usage.markSynced()
    for (const source of [pods, assignments]) this.#resources.use(source.subscribe(key => this.#changed(key)))
    for (const source of [networks, namespaces, policies]) this.#resources.use(source.subscribe(() => this.#schedule()))
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  #changed(pod: string): void {
    if (this.#policies.length === 0) return
    const before = this.#selecting.get(pod)
    this.#look(pod)
    if (!same(before, this.#selecting.get(pod))) this.#count()
  }

  #lookAtAll(): void {
    const { policies, pods } = this.#options
    const before = this.#policies.length
    this.#policies = [...policies.keys()]
      .flatMap(name => policies.get(name) ?? [])
      .sort((a, b) => a.created - b.created || (a.name < b.name ? -1 : 1))
    if (this.#policies.length === 0 && before === 0) return
    for (const key of new Set([...pods.keys(), ...this.#selecting.keys()])) this.#look(key)
    this.#count()
  }

  #look(key: string): void {
    const { pods, assignments, networks } = this.#options
    const [pod, assignment] = [pods.get(key), assignments.get(key)]
    const network = assignment?.state === 'assigned' ? networks.get(assignment.network) : undefined
    // Pods on networks of others leave by the routers of those.
    const ours = network !== undefined && isOverlay(network)
    const selecting =
      pod === undefined || pod.ended || !ours
        ? []
        : this.#policies.filter(one => this.#selects(one, pod, network.subnet))
    if (selecting.length === 0) this.#selecting.delete(key)
    else
      this.#selecting.set(
        key,
        selecting.map(({ name }) => name),
      )
    const [policy] = selecting
    const sources = policy && assignment?.state === 'assigned' ? sourcesOf(key, assignment.addresses, policy) : []
    if (policy === undefined || sources.length === 0) this.store.delete(key)
    else this.store.set(key, { policy: policy.name, sources })
  }

  #selects({ namespaceSelector, podSelector, subnets }: EgressPolicy, pod: PodFacts, subnet: string): boolean {
    return (
      (podSelector === undefined || selects(podSelector, pod.labels)) &&
      (namespaceSelector === undefined ||
        selects(namespaceSelector, this.#options.namespaces.get(pod.namespace) ?? {})) &&
      (subnets === undefined || subnets.includes(subnet))
    )
  }

  #count(): void {
    const usage = new Map(this.#policies.map(({ name }) => [name, { pods: 0, lost: 0 }]))
    for (const [owner = '', ...others] of this.#selecting.values()) {
      const own = usage.get(owner)
      if (own !== undefined) own.pods++
      for (const name of others) {
        const other = usage.get(name)
        if (other !== undefined) other.lost++
      }
    }
    this.usage.replace(usage)
  }
}

/** Chosen by the pod's name, so that its successor of that name has the same, and hardly anybody changes when an address comes or goes. */
function sourcesOf(key: string, addresses: readonly IpAddress[], policy: EgressPolicy): Member['sources'] {
  return addresses.flatMap(pod => {
    const family = ipFamily(pod)
    const source = favourite(
      key,
      policy.addresses.filter(address => ipFamily(address) === family),
    )
    return source === undefined ? [] : [{ pod, source }]
  })
}
