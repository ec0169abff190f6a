import type { Config } from '@ovnkit/cni-api'
import type { Policy } from '@ovnkit/cni-policy'
import type { ServiceFacts } from '@ovnkit/cni-service'
import type { ReadableStore } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import type { PodFacts } from '../facts/pod.ts'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import type { Network } from '../subnet/network.ts'
import { AdminPlanner } from './admin/planner.ts'
import type { AdminSources } from './admin/sources.ts'
import { configuredPolicies } from './configured.ts'
import { BlockCovers } from './covers.ts'
import type { DomainSources } from './domains/facts.ts'
import { LearnedAddresses } from './domains/learned.ts'
import { followWanted } from './domains/wanted.ts'
import { followFamilies } from './families.ts'
import type { PolicyWorld } from './kinds.ts'
import { PolicyPlanner } from './planner.ts'
import { Shelves } from './shelves.ts'
import { gatherPolicies, type PolicySources } from './sources.ts'

export interface PoliciesOptions {
  readonly config: {
    readonly networkPolicy: Pick<Config['networkPolicy'], 'alwaysAllowDNS' | 'logRate' | 'dnsServers'>
    readonly network: Pick<Config['network'], 'joinCIDR'>
  }
  readonly sources: Pick<PolicySources, 'namespaceFacts' | 'networkPolicies'> &
    Pick<AdminSources, 'adminPolicies'> &
    Pick<DomainSources, 'resolvedNames'> & {
      readonly services: ReadableStore<ServiceFacts>
      readonly pods: ReadableStore<PodFacts>
      readonly nodes: ReadableStore<NodeFacts>
    }
  readonly networks: ReadableStore<Network>
  readonly joins: ReadableStore<JoinPlace>
  /** Whether the server asks ACLs in tiers. */
  readonly tiers: boolean
  /** Resolves when everything that was told so far is in the database. */
  readonly settled: () => Promise<void>
}

/** Network policies of all kinds while this process leads: what renders read of them. */
export class Policies implements Disposable {
  readonly world: PolicyWorld['policy']
  readonly #planner: PolicyPlanner
  readonly #covers: BlockCovers
  readonly #shelves: Shelves
  readonly #learned: LearnedAddresses
  readonly #resources = new DisposableStack()

  constructor({ config, sources, networks, joins, tiers, settled }: PoliciesOptions) {
    const admin = this.#resources.use(new AdminPlanner(sources.adminPolicies, tiers))
    const kinds: ReadableStore<Policy>[] = [sources.networkPolicies, configuredPolicies(config), admin.policies]
    const policies = gatherPolicies(kinds)
    this.#resources.use(policies.stop)
    const families = followFamilies(networks)
    this.#resources.use(families.stop)
    const { pods, nodes, namespaceFacts: namespaces } = sources
    this.#planner = this.#resources.use(new PolicyPlanner({ pods, namespaces, policies: policies.store, settled }))
    const { memberships, policies: inForce, subjects } = this.#planner
    this.#shelves = this.#resources.use(new Shelves(memberships.peers))
    const join = config.network.joinCIDR
    this.#covers = this.#resources.use(new BlockCovers({ policies: inForce, nodes, joins, join }))
    this.#learned = this.#resources.use(new LearnedAddresses(sources.resolvedNames))
    const wanted = followWanted({
      servers: config.networkPolicy.dnsServers,
      use: admin.domainUse,
      services: sources.services,
    })
    this.#resources.use(wanted.stop)
    this.world = {
      policies: inForce,
      subjects,
      groups: memberships.groups,
      sets: memberships.sets,
      subjectsOf: memberships.subjects,
      peersOf: memberships.peers,
      shelves: this.#shelves.store,
      numbers: memberships.numbers,
      covers: this.#covers.store,
      families: families.store,
      nodeSelectors: admin.nodeSelectors,
      domainNames: admin.domainNames,
      learned: this.#learned.store,
      wanted: wanted.store,
      adminVerdicts: admin.verdicts,
      tiers,
      logRate: config.networkPolicy.logRate,
    }
  }

  /** When the sources hold their first full state. */
  start(): void {
    this.#planner.start()
    this.#shelves.store.markSynced()
    this.#covers.start()
    this.#learned.start()
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }
}
