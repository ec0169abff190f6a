import type { BalancerFacts } from '@ovnkit/cni-service'
import { type Family, type IpAddress, ipFamily } from '@ovnkit/inet'
import { type Labels, selects } from '@ovnkit/kube'
import type { PoolFacts } from '../facts/pool.ts'
import type { AddressBook } from './address-book.ts'
import type { Grant, Refusal } from './grant.ts'

/** A Service of type LoadBalancer that is ours to serve. */
export interface Client {
  /** `namespace/name` */
  readonly key: string
  readonly namespace: string
  readonly facts: BalancerFacts
}

/** A pool that can be used, and the addresses that it has. */
export class UsablePool {
  readonly facts: PoolFacts
  readonly book: AddressBook
  readonly #namespaceLabels: (namespace: string) => Labels

  constructor(facts: PoolFacts, book: AddressBook, namespaceLabels: (namespace: string) => Labels) {
    this.facts = facts
    this.book = book
    this.#namespaceLabels = namespaceLabels
  }

  /** Why the Service may have nothing of the pool; undefined: it may. */
  shuts({ key, namespace, facts }: Client): Refusal | undefined {
    const { name, deleting, spec } = this.facts
    if (deleting && !this.book.holds(key)) return refused('PoolDeleted', `LoadBalancerPool ${name} is being deleted`)
    if (spec.namespaceSelector !== undefined && !selects(spec.namespaceSelector, this.#namespaceLabels(namespace)))
      return refused('NotSelected', `LoadBalancerPool ${name} is not for namespace ${namespace}`)
    if (spec.serviceSelector !== undefined && !selects(spec.serviceSelector, facts.labels))
      return refused('NotSelected', `LoadBalancerPool ${name} is not for Services with these labels`)
    return undefined
  }

  /** Gives the Service the addresses that it wants and one of each further family, or nothing. */
  give(client: Client, wanted: readonly IpAddress[]): Grant {
    const got: IpAddress[] = []
    const problem = this.#cannot(client, wanted) ?? this.#takeAll(client, wanted, got) ?? this.#takeRest(client, got)
    if (problem !== undefined) {
      for (const address of got) this.book.release(address, client.key)
      return problem
    }
    const order = client.facts.families
    got.sort((a, b) => order.indexOf(ipFamily(a)) - order.indexOf(ipFamily(b)))
    return { state: 'granted', pool: this.facts.name, addresses: got }
  }

  /** What no other Service has a part in comes first: the answer must not depend on who asked before. */
  #cannot({ facts }: Client, wanted: readonly IpAddress[]): Refusal | undefined {
    if (facts.preferDual) return undefined
    const missing = facts.families.filter(family => !wanted.some(address => ipFamily(address) === family))
    const unserved = missing.find(family => !this.book.serves(family))
    return unserved === undefined ? undefined : this.#lack(unserved)
  }

  #takeAll({ key }: Client, wanted: readonly IpAddress[], got: IpAddress[]): Refusal | undefined {
    for (const address of wanted) {
      const result = this.book.take(address, key)
      if (result === 'ok') got.push(address)
      else return this.#problemWith(address, result)
    }
    return undefined
  }

  #problemWith(address: IpAddress, result: 'taken' | 'excluded' | 'outside'): Refusal {
    const { name } = this.facts
    switch (result) {
      case 'taken':
        return waiting('AddressTaken', `${address} is taken by Service ${this.book.holder(address)}`)
      case 'excluded':
        return refused(
          'AddressExcluded',
          `${address} is excluded from LoadBalancerPool ${name}, or a node's or an EgressIP's`,
        )
      case 'outside':
        return refused('OutsidePools', `${address} is not in LoadBalancerPool ${name}`)
    }
  }

  #takeRest({ key, facts }: Client, got: IpAddress[]): Refusal | undefined {
    const missing = facts.families.filter(family => !got.some(address => ipFamily(address) === family))
    let problem: Refusal | undefined
    for (const family of missing) {
      const address = this.book.next(family, key)
      if (address === undefined) problem = this.#lack(family)
      else got.push(address)
    }
    return facts.preferDual && got.length > 0 ? undefined : problem
  }

  #lack(family: Family): Refusal {
    const { name } = this.facts
    return this.book.serves(family)
      ? waiting(
          'PoolExhausted',
          `LoadBalancerPool ${name} has no free IPv${family} address; the Service gets one when one becomes free`,
        )
      : refused('NoSuchFamily', `LoadBalancerPool ${name} has no IPv${family} addresses`)
  }
}

export const refused = (reason: string, message: string): Refusal => ({ state: 'refused', reason, message })
const waiting = (reason: string, message: string): Refusal => ({ state: 'waiting', reason, message })
