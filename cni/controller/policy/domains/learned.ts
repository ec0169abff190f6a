import { domainSetId } from '@ovnkit/cni-policy'
import { type IpAddress, tryParseIp } from '@ovnkit/inet'
import { Alarm } from '@ovnkit/process'
import { getOrSet, type ReadableStore, Store, same } from '@ovnkit/reconcile'
import { oncePerTurn } from '../../once-per-turn.ts'
import type { ResolvedFacts } from './facts.ts'

/** Clocks differ, and whoever wrote a time down is the first to act on it: the agent of a node that lives. */
const slack = 60_000

/** When each node forgets an address: milliseconds since 1970. */
type Holders = Map<string, number>

/**
 * What the nodes have learned, together: an address belongs to a name for as long as any node says so. What a node has written down ends by the time that stands there, also when its agent is
 * gone for good. A change costs what the node's own record holds; all of it is looked through when a time has come.
 */
export class LearnedAddresses implements Disposable {
  /** By `domainSetId`, sorted. */
  readonly store: Store<readonly IpAddress[]> = new Store<readonly IpAddress[]>({
    name: 'addresses of domain names',
    equals: same,
  })
  readonly #nodes: ReadableStore<ResolvedFacts>
  readonly #now: () => number
  readonly #names = new Map<string, Map<IpAddress, Holders>>()
  readonly #changed = new Set<string>()
  readonly #resources = new DisposableStack()
  readonly #publish = oncePerTurn(() => this.#resources.disposed || this.#publishChanged())
  /** Rings at the first end of a record, or before: a record that is taken back leaves it as it is. */
  readonly #alarm: Alarm

  constructor(nodes: ReadableStore<ResolvedFacts>, now: () => number = Date.now) {
    this.#nodes = nodes
    this.#now = now
    this.#alarm = this.#resources.use(new Alarm(() => this.#lookThrough(), now))
  }

  /** When the source holds its first full state. */
  start(): void {
    for (const node of this.#nodes.keys()) this.#follow(node, this.#nodes.get(node), undefined)
    this.#resources.use(this.#nodes.subscribe((node, facts, old) => this.#follow(node, facts, old)))
    this.#publishChanged()
    this.store.markSynced()
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  #follow(node: string, facts: ResolvedFacts | undefined, old: ResolvedFacts | undefined): void {
    for (const { name, address } of recordsOf(old)) {
      this.#names.get(name)?.get(address)?.delete(node)
      this.#changed.add(name)
    }
    for (const { name, address, until } of recordsOf(facts)) {
      const addresses = getOrSet(this.#names, name, () => new Map<IpAddress, Holders>())
      getOrSet(addresses, address, () => new Map<string, number>()).set(node, until)
      this.#changed.add(name)
    }
    this.#publish()
  }

  #publishChanged(): void {
    for (const name of this.#changed) this.#publishOne(name)
    this.#changed.clear()
  }

  #publishOne(name: string): void {
    const addresses = this.#names.get(name) ?? new Map<IpAddress, Holders>()
    const now = this.#now()
    let first = Number.POSITIVE_INFINITY
    for (const [address, holders] of addresses) {
      for (const [node, until] of holders)
        if (until + slack <= now) holders.delete(node)
        else first = Math.min(first, until + slack)
      if (holders.size === 0) addresses.delete(address)
    }
    if (addresses.size > 0) this.store.set(domainSetId(name), [...addresses.keys()].sort())
    else {
      this.#names.delete(name)
      this.store.delete(domainSetId(name))
    }
    this.#alarm.at(first)
  }

  #lookThrough(): void {
    for (const name of this.#names.keys()) this.#changed.add(name)
    this.#publishChanged()
  }
}

interface LearnedRecord {
  readonly name: string
  readonly address: IpAddress
  readonly until: number
}

const recordsOf = (facts: ResolvedFacts | undefined): LearnedRecord[] =>
  (facts?.names ?? []).flatMap(({ name, addresses }) =>
    addresses.flatMap(({ address, until }) => {
      const [ip, time] = [tryParseIp(address), Date.parse(until)]
      return ip === undefined || Number.isNaN(time) ? [] : [{ name, address: ip, until: time }]
    }),
  )
