import { ingressAddresses, type ServiceFacts, type SliceFacts } from '@ovnkit/cni-service'
import { type IpAddress, type IpRange, parseRange } from '@ovnkit/inet'
import type { Labels } from '@ovnkit/kube'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'
import type { PoolFacts } from '../facts/pool.ts'
import type { Claim } from '../holders/plan.ts'
import { oncePerTurn } from '../once-per-turn.ts'
import { BalancerAllocator } from './allocator.ts'
import { claimKey, claimOf } from './claim.ts'
import type { Grant, Refusal } from './grant.ts'
import { type PoolVerdict, planPools, type Taken } from './plan-pools.ts'
import type { Client } from './usable-pool.ts'

/** How full a pool is. */
export interface PoolUsage {
  readonly used: number
  readonly available: number
}

export interface BalancerPlannerOptions {
  readonly services: ReadableStore<ServiceFacts>
  readonly slices: ReadableStore<SliceFacts, 'service'>
  readonly pools: ReadableStore<PoolFacts>
  readonly namespaces: ReadableStore<Labels>
  readonly nodes: ReadableStore<NodeFacts>
  /** Ranges of Subnets, Services and the join network. */
  readonly taken: () => readonly Taken[]
  /** Addresses of EgressIPs. */
  readonly egressAddresses: () => readonly IpAddress[]
  /** Where to say that a Service's addresses need a node. */
  readonly claims: Store<Claim>
  readonly report: (service: ServiceFacts, refusal: Refusal) => void
}

/**
 * Addresses for Services of type LoadBalancer. What a Service has by its status is taken first; then every Service is decided, the oldest first, and
 * from then on whenever something that matters to it changes.
 */
export class BalancerPlanner implements Disposable {
  /** By the Service's key: those that are ours to serve. */
  readonly grants: Store<Grant> = new Store<Grant>({ name: 'grants', equals: same })
  readonly verdicts: Store<PoolVerdict> = new Store<PoolVerdict>({ name: 'pool verdicts', equals: same })
  readonly usage: Store<PoolUsage> = new Store<PoolUsage>({ name: 'pool usage', equals: same })
  readonly #options: BalancerPlannerOptions
  readonly #allocator: BalancerAllocator
  readonly #resources = new DisposableStack()
  /** Pools, or what they may not touch, changed: all is planned again at the end of this turn. */
  readonly schedule = oncePerTurn(() => {
    if (this.#resources.disposed) return
    this.#planPools()
    this.#decideAll()
  })

  constructor(options: BalancerPlannerOptions) {
    this.#options = options
    this.#allocator = new BalancerAllocator(namespace => options.namespaces.get(namespace) ?? {})
  }

  /** @returns node that held a Service's addresses by its annotation, by claim */
  start(): Map<string, string> {
    const { services, slices, pools, namespaces } = this.#options
    const recorded = new Map<string, string>()
    this.#planPools()
    for (const client of this.#clients()) {
      this.#allocator.adopt(client, ingressAddresses(client.facts.ingress))
      if (client.facts.node !== '') recorded.set(claimKey(client.key), client.facts.node)
    }
    this.#decideAll()
    for (const store of [this.grants, this.verdicts, this.usage]) store.markSynced()
    this.#resources.use(services.subscribe(key => this.#serviceChanged(key)))
    this.#resources.use(slices.subscribe((_, slice, old) => this.#slicesChanged(slice ?? old)))
    for (const store of [pools, namespaces]) this.#resources.use(store.subscribe(() => this.schedule()))
    return recorded
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  #planPools(): void {
    const pools = values(this.#options.pools)
    const verdicts = planPools({
      pools,
      inUse: pool => (this.#allocator.book(pool)?.used ?? 0) > 0,
      taken: this.#options.taken(),
    })
    const nodes = values(this.#options.nodes).flatMap(({ addresses }) => addresses)
    const avoid: IpRange[] = [...nodes, ...this.#options.egressAddresses()].map(address => parseRange(address))
    this.#allocator.setPools(pools, verdicts, avoid)
    this.verdicts.replace(verdicts)
  }

  #decideAll(): void {
    const clients = this.#clients()
    const keys = new Set(clients.map(({ key }) => key))
    for (const key of [...this.grants.keys()]) if (!keys.has(key)) this.#forget(key)
    for (const client of clients) this.#decide(client)
    this.#count()
  }

  #serviceChanged(key: string): void {
    const client = this.#clientOf(key)
    const before = this.grants.get(key)
    if (client === undefined) this.#forget(key)
    else this.#decide(client)
    if (same(before, this.grants.get(key))) return
    if (before?.state === 'granted') this.#retry()
    this.#count()
  }

  /** Policy Local: only nodes with endpoints are of use. */
  #slicesChanged(slice: SliceFacts | undefined): void {
    if (slice !== undefined && this.#options.services.get(slice.service)?.externalLocal === true)
      this.#claim(slice.service)
  }

  /** Something became free. */
  #retry(): void {
    for (const client of this.#clients()) if (this.grants.get(client.key)?.state === 'waiting') this.#decide(client)
  }

  #decide(client: Client): void {
    const before = this.grants.get(client.key)
    const grant = this.#allocator.decide(client)
    this.grants.set(client.key, grant)
    this.#claim(client.key)
    if (grant.state === 'granted' || same(before, grant)) return
    const service = this.#options.services.get(client.key)
    // A Service without a class may be another controller's, which knows more of it than we do.
    if (service !== undefined && (client.facts.named || grant.reason !== 'NoPool')) this.#options.report(service, grant)
  }

  #forget(key: string): void {
    this.#allocator.release(key)
    this.grants.delete(key)
    this.#claim(key)
  }

  #claim(key: string): void {
    const { claims, services, slices, pools } = this.#options
    const grant = this.grants.get(key)
    const service = services.get(key)
    const pool = grant?.state === 'granted' ? pools.get(grant.pool) : undefined
    const claim =
      service &&
      pool &&
      claimOf(
        service,
        pool.spec,
        [...slices.by('service', key)].map(([, slice]) => slice),
      )
    if (claim === undefined) claims.delete(claimKey(key))
    else claims.set(claimKey(key), claim)
  }

  #count(): void {
    const usage = [...this.#options.pools.keys()].map((name): [string, PoolUsage] => {
      const book = this.#allocator.book(name)
      const available = book?.available() ?? 0n
      const most = BigInt(Number.MAX_SAFE_INTEGER)
      return [name, { used: book?.used ?? 0, available: Number(available > most ? most : available) }]
    })
    this.usage.replace(usage)
  }

  /** The oldest first. */
  #clients(): Client[] {
    return [...this.#options.services.keys()]
      .flatMap(key => this.#clientOf(key) ?? [])
      .sort((a, b) => a.facts.created - b.facts.created || (a.key < b.key ? -1 : 1))
  }

  /** Without any pool, Services that do not name us are none of ours: another controller may be at work. */
  #clientOf(key: string): Client | undefined {
    const service = this.#options.services.get(key)
    const facts = service?.balancer
    if (service === undefined || facts === undefined) return undefined
    const known = facts.named || facts.recordedPool !== '' || this.#options.pools.size > 0
    return known ? { key, namespace: service.namespace, facts } : undefined
  }
}

function values<V>(store: ReadableStore<V>): V[] {
  return [...store.keys()].flatMap(key => store.get(key) ?? [])
}
