import type { Address } from '../codec/address.ts'
import type { Link } from '../codec/link.ts'
import type { Neighbour } from '../codec/neighbour.ts'
import type { Route } from '../codec/route.ts'
import type { Rule } from '../codec/rule.ts'
import type { Netlink } from '../netlink.ts'
import type { NetlinkEvent, Subscription } from '../subscription.ts'
import { addressKey, linkKey, neighbourKey, routeKey, ruleKey } from './desired.ts'
import { ruleSpecOf } from './read-back.ts'

export interface MirrorListener {
  /** An object of this key appeared, changed or went. */
  changed(key: string): void
  /** A link of this name appeared, changed or went. */
  linkChanged(name: string): void
  /** The link with this index is gone. */
  linkRemoved(index: number): void
  /** Everything was read anew. */
  replaced(): void
  /** Reading failed; it is tried again at the next event. */
  failed(error: unknown): void
}

/**
 * What a namespace's kernel holds, kept up to date by its events: all links and addresses, permanent and proxy neighbours, and those
 * routes and rules that carry our protocol number. The tables of others may hold a million routes, and are not kept.
 */
export class KernelMirror implements Disposable {
  readonly links = new Map<string, Link>()
  readonly addresses = new Map<string, Address>()
  readonly routes = new Map<string, Route>()
  readonly rules = new Map<string, Rule>()
  readonly neighbours = new Map<string, Neighbour>()
  readonly #names = new Map<number, string>()
  readonly #netlink: Netlink
  readonly #protocol: number
  readonly #listener: MirrorListener
  readonly #subscription: Subscription
  #reading: Promise<void> | undefined
  #again = false
  /** Events that came while everything was being read, to be handled afterwards: they may be newer than what was read. */
  #waiting: NetlinkEvent[] | undefined
  #closed = false
  complete = false

  constructor(netlink: Netlink, protocol: number, listener: MirrorListener) {
    this.#netlink = netlink
    this.#protocol = protocol
    this.#listener = listener
    this.#subscription = netlink.subscribe(['link', 'address', 'route', 'rule', 'neighbour'], event => {
      if (this.#waiting && event.kind !== 'resync') this.#waiting.push(event)
      else this.#handle(event)
    })
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#subscription[Symbol.dispose]()
  }

  nameOf(index: number | undefined): string | undefined {
    return index === undefined ? undefined : this.#names.get(index)
  }

  /** Takes in what the kernel reported so far, so the mirror shows what an acknowledged request did. */
  drain(): void {
    this.#subscription.drain()
  }

  /** Reads everything; several calls meanwhile become one more reading. */
  read(): Promise<void> {
    if (this.#reading) this.#again = true
    else this.#reading = this.#readUntilQuiet().finally(() => (this.#reading = undefined))
    return this.#reading ?? Promise.resolve()
  }

  async #readUntilQuiet(): Promise<void> {
    do {
      this.#again = false
      this.#waiting = []
      try {
        await this.#readAll()
      } finally {
        const events = this.#waiting
        this.#waiting = undefined
        for (const event of events) this.#handle(event)
      }
    } while (this.#again && !this.#closed)
    if (this.#closed) return
    this.complete = true
    this.#listener.replaced()
  }

  async #readAll(): Promise<void> {
    const [links, addresses, routes, rules, neighbours, proxies] = await Promise.all([
      this.#netlink.links(),
      this.#netlink.addresses(),
      this.#netlink.routes({ protocol: this.#protocol }),
      this.#netlink.rules(),
      this.#netlink.neighbours(),
      this.#netlink.neighbours({ proxy: true }),
    ])
    for (const map of [this.links, this.addresses, this.routes, this.rules, this.neighbours, this.#names]) map.clear()
    for (const link of links) this.#setLink(link)
    for (const address of addresses) this.#setAddress(address)
    for (const route of routes) this.routes.set(routeKey(route), route)
    for (const rule of rules) if (rule.protocol === this.#protocol) this.rules.set(keyOfRule(rule), rule)
    for (const neighbour of [...neighbours, ...proxies]) this.#setNeighbour(neighbour, false)
  }

  /**
   * Looks for what goes without an event: IPv4 routes with their link or their preferred source address (fib_sync_down_dev,
   * fib_sync_down_addr), and proxy entries with their link (pneigh_ifdown).
   */
  async #readSilent(): Promise<void> {
    const routes = [...this.routes].filter(([, route]) => route.family === 4)
    const proxies = [...this.neighbours].filter(([, neighbour]) => neighbour.proxy)
    const [routesNow, proxiesNow] = await Promise.all([
      routes.length > 0 ? this.#netlink.routes({ protocol: this.#protocol, family: 4 }) : [],
      proxies.length > 0 ? this.#netlink.neighbours({ proxy: true }) : [],
    ])
    this.#forget(this.routes, routes, new Set(routesNow.map(route => routeKey(route))))
    this.#forget(this.neighbours, proxies, new Set(proxiesNow.map(proxy => this.#keyOfNeighbour(proxy))))
  }

  /** Drops those of `before` that are not in `now`. One that was added or changed meanwhile is another object by then. */
  #forget<T>(
    map: Map<string, T>,
    before: readonly (readonly [string, T])[],
    now: ReadonlySet<string | undefined>,
  ): void {
    for (const [key, object] of before) {
      if (now.has(key) || map.get(key) !== object) continue
      map.delete(key)
      this.#listener.changed(key)
    }
  }

  #handle(event: NetlinkEvent): void {
    if (event.kind === 'link') this.#linkEvent(event.link, event.removed)
    else if (event.kind === 'address') this.#addressEvent(event.address, event.removed)
    else if (event.kind === 'route') this.#routeEvent(event.route, event.removed, event.replaces)
    else if (event.kind === 'rule') this.#ruleEvent(event.rule, event.removed)
    else if (event.kind === 'neighbour') this.#setNeighbour(event.neighbour, event.removed)
    else this.#background(this.read())
  }

  #linkEvent(link: Link, removed: boolean): void {
    const before = this.#names.get(link.index)
    if (before !== undefined) this.links.delete(before)
    if (removed) this.#removeLink(link.index)
    else this.#setLink(link)
    if (removed || !link.up) this.#background(this.#readSilent())
    for (const name of new Set([before ?? link.name, link.name])) {
      this.#listener.changed(linkKey(name))
      this.#listener.linkChanged(name)
    }
  }

  #removeLink(index: number): void {
    this.#names.delete(index)
    this.#listener.linkRemoved(index)
  }

  #setLink(link: Link): void {
    this.links.set(link.name, link)
    this.#names.set(link.index, link.name)
  }

  #addressEvent(address: Address, removed: boolean): void {
    const name = this.nameOf(address.index)
    if (name === undefined) return
    const key = addressKey(name, address.address, address.prefixLength)
    if (removed) this.addresses.delete(key)
    else this.addresses.set(key, address)
    if (removed && address.family === 4) this.#background(this.#readSilent())
    this.#listener.changed(key)
  }

  /** Notes an address that the kernel took: it reports an IPv6 one only later, and not at all while the link is down. */
  noteAddress(address: Address): void {
    this.#setAddress(address)
  }

  /** Notes a neighbour that the kernel took: it reports no proxy entries. */
  noteNeighbour(neighbour: Neighbour): void {
    this.#setNeighbour(neighbour, false)
  }

  #setAddress(address: Address): void {
    const name = this.nameOf(address.index)
    if (name !== undefined) this.addresses.set(addressKey(name, address.address, address.prefixLength), address)
  }

  #routeEvent(route: Route, removed: boolean, replaces: boolean): void {
    const key = routeKey(route)
    const ours = route.protocol === this.#protocol
    if (ours && !removed) this.routes.set(key, route)
    else if (ours || (replaces && this.routes.has(key))) this.routes.delete(key)
    else return
    this.#listener.changed(key)
  }

  #ruleEvent(rule: Rule, removed: boolean): void {
    if (rule.protocol !== this.#protocol) return
    const key = keyOfRule(rule)
    if (removed) this.rules.delete(key)
    else this.rules.set(key, rule)
    this.#listener.changed(key)
  }

  #setNeighbour(neighbour: Neighbour, removed: boolean): void {
    const key = this.#keyOfNeighbour(neighbour)
    if (key === undefined) return
    const configured = neighbour.proxy || neighbour.state === 'permanent'
    const known = this.neighbours.has(key)
    if (!removed && configured) this.neighbours.set(key, neighbour)
    else if (known) this.neighbours.delete(key)
    else return
    if (this.complete) this.#listener.changed(key)
  }

  #keyOfNeighbour({ index, address, proxy }: Neighbour): string | undefined {
    const name = this.nameOf(index)
    return name === undefined ? undefined : neighbourKey(name, address, proxy)
  }

  #background(work: Promise<void>): void {
    work.catch(error => {
      if (!this.#closed) this.#listener.failed(error)
    })
  }
}

const keyOfRule = (rule: Rule): string => ruleKey(ruleSpecOf(rule))
