import type { Config } from '@ovnkit/cni-api'
import type { ServiceFacts, SliceFacts } from '@ovnkit/cni-service'
import { parseRange, tryParseIp } from '@ovnkit/inet'
import { type EventRecorder, type Labels, resources } from '@ovnkit/kube'
import { type ReadableStore, same } from '@ovnkit/reconcile'
import type { Taken } from '../balancer/plan-pools.ts'
import { BalancerPlanner } from '../balancer/planner.ts'
import { EgressMembers } from '../egress/members.ts'
import { addressClaim, EgressPlanner } from '../egress/planner.ts'
import type { NodeFacts } from '../facts/node.ts'
import type { PodFacts } from '../facts/pod.ts'
import { Holders } from '../holders/holders.ts'
import { Prober } from '../holders/prober.ts'
import type { Assignment } from '../ipam/assignment.ts'
import type { Network } from '../subnet/network.ts'
import type { FloatingSources } from './sources.ts'

export interface FloatingOptions {
  readonly config: Config
  readonly sources: FloatingSources & {
    readonly pods: ReadableStore<PodFacts>
    readonly nodes: ReadableStore<NodeFacts>
    readonly services: ReadableStore<ServiceFacts>
    readonly slices: ReadableStore<SliceFacts, 'service'>
    /** Labels of namespaces. */
    readonly namespaces: ReadableStore<Labels>
  }
  readonly networks: ReadableStore<Network>
  readonly assignments: ReadableStore<Assignment>
  /** Ranges of Services and the join network. */
  readonly reserved: () => readonly Taken[]
  readonly events: EventRecorder
}

/** Addresses that live on one node: those of Services of type LoadBalancer and of EgressIPs, and the nodes that hold them. */
export class Floating implements Disposable {
  readonly holders: Holders
  readonly balancers: BalancerPlanner
  readonly egress: EgressPlanner
  readonly members: EgressMembers
  readonly #options: FloatingOptions
  readonly #resources = new DisposableStack()

  constructor(options: FloatingOptions) {
    this.#options = options
    const { config, sources, networks, assignments } = options
    const prober = this.#resources.use(new Prober({ port: config.gateway.probePort }))
    this.holders = this.#resources.use(new Holders({ nodes: sources.nodes, prober }))
    const { claims } = this.holders
    this.egress = this.#resources.use(
      new EgressPlanner({ egressIPs: sources.egressIPs, taken: () => this.#takenFromEgress(), claims }),
    )
    this.balancers = this.#resources.use(
      new BalancerPlanner({
        ...sources,
        taken: () => this.#ranges(),
        egressAddresses: () => this.egress.addresses(),
        claims,
        report: ({ namespace, name, uid }, { reason, message }) =>
          options.events.event(
            { resource: resources.services, namespace, name, uid },
            { type: 'Warning', reason, message },
          ),
      }),
    )
    this.members = this.#resources.use(
      new EgressMembers({ ...sources, networks, assignments, policies: this.egress.policies }),
    )
  }

  /** When networks and pods' addresses are known. */
  start(): void {
    const recorded = this.balancers.start()
    this.egress.start()
    this.members.start()
    this.holders.start(new Map([...recorded, ...this.#recordedEgress()]))
    const { networks, sources } = this.#options
    this.#resources.use(networks.subscribe(() => this.#schedule()))
    this.#resources.use(
      sources.nodes.subscribe((_, node, old) => {
        if (!same(node?.addresses, old?.addresses)) this.#schedule()
      }),
    )
    this.#resources.use(this.balancers.grants.subscribe(() => this.egress.schedule()))
    this.#resources.use(this.egress.policies.subscribe(() => this.balancers.schedule()))
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  #schedule(): void {
    this.egress.schedule()
    this.balancers.schedule()
  }

  #ranges(): Taken[] {
    const { networks, reserved } = this.#options
    return [
      ...reserved(),
      ...[...networks.keys()].flatMap(key => {
        const network = networks.get(key)
        return (network?.ranges ?? []).map(range => ({ name: `Subnet ${network?.subnet}`, range }))
      }),
    ]
  }

  #takenFromEgress(): Taken[] {
    const { nodes } = this.#options.sources
    const single = (name: string, addresses: readonly string[]): Taken[] =>
      addresses.map(address => ({ name, range: parseRange(address) }))
    return [
      ...this.#ranges(),
      ...[...nodes.keys()].flatMap(name => single(`node ${name}`, nodes.get(name)?.addresses ?? [])),
      ...[...this.balancers.grants.entries()].flatMap(([service, grant]) =>
        grant.state === 'granted' ? single(`Service ${service}`, grant.addresses) : [],
      ),
    ]
  }

  /** Who held what by the EgressIPs' status. */
  #recordedEgress(): [string, string][] {
    return [...this.#options.sources.egressIPObjects.entries()].flatMap(([, { status }]) =>
      (status?.items ?? []).flatMap(({ address, node }): [string, string][] => {
        const ip = tryParseIp(address)
        return ip === undefined ? [] : [[addressClaim(ip), node]]
      }),
    )
  }
}
