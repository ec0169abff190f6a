import { type IpAddress, type IpRange, ipFamily, tryParseIp } from '@ovnkit/inet'
import type { Labels } from '@ovnkit/kube'
import type { PoolFacts } from '../facts/pool.ts'
import { AddressBook } from './address-book.ts'
import type { Grant, Granted, Refusal } from './grant.ts'
import type { PoolVerdict } from './plan-pools.ts'
import { type Client, refused, UsablePool } from './usable-pool.ts'

/**
 * Gives Services addresses of LoadBalancerPools. A Service keeps what it has as long as it may have it; all of its addresses are of one pool. Without I/O and
 * time: what is known comes in by `setPools` and `decide`.
 */
export class BalancerAllocator {
  #pools = new Map<string, UsablePool>()
  readonly #grants = new Map<string, Grant>()
  readonly #namespaceLabels: (namespace: string) => Labels

  constructor(namespaceLabels: (namespace: string) => Labels) {
    this.#namespaceLabels = namespaceLabels
  }

  book(pool: string): AddressBook | undefined {
    return this.#pools.get(pool)?.book
  }

  /**
   * The pools as they are now. Afterwards every Service is to be decided again.
   *
   * @param avoid addresses that nobody may have: those of nodes and EgressIPs
   */
  setPools(pools: readonly PoolFacts[], verdicts: ReadonlyMap<string, PoolVerdict>, avoid: readonly IpRange[]): void {
    const usable = new Map<string, UsablePool>()
    for (const facts of pools) {
      const verdict = verdicts.get(facts.name)
      if (verdict?.kind !== 'accepted') continue
      const book = this.#bookOf(facts, verdict.ranges)
      book.setExcluded([...verdict.exclude, ...avoid])
      usable.set(facts.name, new UsablePool(facts, book, this.#namespaceLabels))
    }
    this.#pools = usable
  }

  /** Takes the addresses that a Service has by its status, at start, where that can be. */
  adopt({ key }: Client, addresses: readonly IpAddress[]): void {
    const [first] = addresses
    const pool = first && this.#poolOf(first)
    if (pool === undefined || !addresses.every(address => pool.book.adopt(address, key))) return
    this.#grants.set(key, { state: 'granted', pool: pool.facts.name, addresses })
  }

  /** What the Service has from now on. */
  decide(client: Client): Grant {
    const before = this.#grants.get(client.key)
    const wishes = this.#wishesOf(client)
    const kept = before?.state === 'granted' && wishes.ok ? this.#keep(client, before, wishes.addresses) : undefined
    if (kept === undefined) this.release(client.key)
    const grant = kept ?? (wishes.ok ? this.#choose(client, wishes.addresses) : wishes.problem)
    this.#grants.set(client.key, grant)
    return grant
  }

  /** @returns whether an address became free */
  release(key: string): boolean {
    const grant = this.#grants.get(key)
    this.#grants.delete(key)
    if (grant?.state !== 'granted') return false
    for (const address of grant.addresses) this.#pools.get(grant.pool)?.book.release(address, key)
    return true
  }

  /** The book as it is while the pool's addresses are the same; else a new one with what is in use. */
  #bookOf({ name }: PoolFacts, ranges: readonly IpRange[]): AddressBook {
    const known = this.#pools.get(name)?.book
    if (known?.isOf(ranges)) return known
    const book = new AddressBook(ranges)
    for (const [key, grant] of this.#grants)
      if (grant.state === 'granted' && grant.pool === name)
        for (const address of grant.addresses) book.adopt(address, key)
    return book
  }

  /** What the Service has and may go on having, with what it lacks added; undefined when it must be chosen anew. */
  #keep(client: Client, { pool: name, addresses }: Granted, wishes: readonly IpAddress[]): Granted | undefined {
    const pool = this.#pools.get(name)
    const { facts, key } = client
    if (pool === undefined || pool.shuts(client) !== undefined || (facts.pool !== '' && facts.pool !== name))
      return undefined
    if (!addresses.every(one => pool.book.holder(one) === key && facts.families.includes(ipFamily(one))))
      return undefined
    if (!wishes.every(wish => addresses.includes(wish))) return undefined
    const grant = pool.give(client, addresses)
    return grant.state === 'granted' ? grant : undefined
  }

  #choose(client: Client, wishes: readonly IpAddress[]): Grant {
    const pools = this.#candidates(client, wishes)
    if (!Array.isArray(pools)) return pools
    const failures: Refusal[] = []
    for (const pool of pools) {
      const grant = pool.give(client, wishes)
      if (grant.state === 'granted') return grant
      failures.push(grant)
    }
    const nobody = refused('NoPool', 'no LoadBalancerPool is for this Service')
    return failures.find(({ state }) => state === 'waiting') ?? failures[0] ?? nobody
  }

  /** The pool that has the address asked for, the pool asked for, or all that give to anybody, the oldest first. */
  #candidates(client: Client, [wish]: readonly IpAddress[]): UsablePool[] | Refusal {
    const { pool: name } = client.facts
    const named = wish === undefined ? this.#pools.get(name) : this.#poolOf(wish)
    if (wish !== undefined && named === undefined) return refused('OutsidePools', `no LoadBalancerPool has ${wish}`)
    if (name !== '' && named?.facts.name !== name) {
      return this.#pools.has(name)
        ? refused('OutsidePools', `${wish} is not in LoadBalancerPool ${name}`)
        : refused('NoSuchPool', `there is no LoadBalancerPool ${name} that can be used`)
    }
    if (named !== undefined) return named.shuts(client) ?? [named]
    return [...this.#pools.values()]
      .filter(pool => pool.facts.spec.autoAssign !== false && pool.shuts(client) === undefined)
      .sort((a, b) => a.facts.created - b.facts.created || (a.facts.name < b.facts.name ? -1 : 1))
  }

  #wishesOf({ facts }: Client): { ok: true; addresses: IpAddress[] } | { ok: false; problem: Refusal } {
    const addresses: IpAddress[] = []
    for (const text of facts.addresses) {
      const address = tryParseIp(text)
      if (address === undefined)
        return { ok: false, problem: refused('InvalidAddress', `${JSON.stringify(text)} is no IP address`) }
      const family = ipFamily(address)
      if (!facts.families.includes(family) || addresses.some(other => ipFamily(other) === family)) {
        const message = `${address}: expected one address of each family that the Service has (spec.ipFamilies)`
        return { ok: false, problem: refused('WrongFamily', message) }
      }
      addresses.push(address)
    }
    return { ok: true, addresses }
  }

  #poolOf(address: IpAddress): UsablePool | undefined {
    return [...this.#pools.values()].find(({ book }) => book.contains(address))
  }
}
