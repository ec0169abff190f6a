import { randomInt } from 'node:crypto'
import type { Family } from '@ovnkit/inet'
import * as addr from './codec/address.ts'
import * as link from './codec/link.ts'
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from './codec/message.ts'
import * as neigh from './codec/neighbour.ts'
import * as route from './codec/route.ts'
import * as rule from './codec/rule.ts'
import { describeLink, describeLinkChange, describeNeighbour, describeRoute, describeRule } from './describe.ts'
import { hasCode, LinuxError } from './errors.ts'
import { type Netns, type NetnsRef, openNetns } from './netns.ts'
import { RequestChannel } from './requests.ts'
import { NetlinkSocket } from './socket.ts'
import { type EventKind, type NetlinkEvent, type Subscription, subscribe } from './subscription.ts'

const queueBytes = 1024 * 1024
const ENODEV = 19
const ERANGE = 34

/** A link's attributes with the namespace as a reference instead of an open file. */
export type LinkChange = Omit<link.LinkAttributes, 'netnsFd'> & { readonly netns?: NetnsRef }

export interface VethOptions extends Omit<LinkChange, 'netns'> {
  readonly name: string
  /**
   * The other end. It is created where `netns` says (default: beside this end), under its final name, and down: the kernel takes
   * no state for it here, nor an alias.
   */
  readonly peer: Omit<link.PeerAttributes, 'netnsFd'> & { readonly netns?: NetnsRef }
}

/**
 * Links, addresses, routes, rules and neighbours of one network namespace, by rtnetlink(7).
 *
 * Calls made without waiting in between go to the kernel in one system call, in this order, each with its own outcome:
 *
 *     using pod = Netlink.open({ netns: '/run/netns/pod' })
 *     await Promise.all([pod.setLink('eth0', { up: true }), pod.addAddress({...}), pod.addRoute({...})])
 *
 * Everything rejects with LinuxError; what removes resolves to false when there was nothing to remove.
 * An open Netlink keeps its namespace alive: close it (`using`).
 */
export class Netlink implements Disposable {
  readonly #socket: NetlinkSocket
  readonly #channel: RequestChannel

  private constructor(netns: NetnsRef) {
    this.#socket = new NetlinkSocket('route', netns, queueBytes)
    this.#channel = new RequestChannel(this.#socket)
  }

  /** Opens a socket inside a namespace, without a child process. Throws NetnsError (`missing`, ...). */
  static open({ netns = 'host' }: { netns?: NetnsRef } = {}): Netlink {
    return new Netlink(netns)
  }

  [Symbol.dispose](): void {
    this.#channel[Symbol.dispose]()
  }

  /** The namespace itself, to be disposed by the caller. */
  netns(): Netns {
    return this.#socket.netns()
  }

  /** Changes in this namespace from now on. Subscribe first, then read: nothing is missed. */
  subscribe(kinds: readonly EventKind[], handle: (event: NetlinkEvent) => void): Subscription {
    using netns = this.netns()
    return subscribe(netns, kinds, handle)
  }

  links(): Promise<link.Link[]> {
    const attempted = () => 'list links'
    return this.#channel.dump({ type: link.RTM_GETLINK, body: link.encodeLinkDump(), attempted, parse: link.parseLink })
  }

  /** undefined when there is no such link. */
  linkByName(name: string): Promise<link.Link | undefined> {
    return this.#link(name)
  }

  linkByIndex(index: number): Promise<link.Link | undefined> {
    return this.#link(index)
  }

  async #link(selector: link.LinkSelector): Promise<link.Link | undefined> {
    const attempted = () => `read ${describeLink(selector)}`
    const body = link.encodeLinkSelector(selector, true)
    const found = this.#channel.request({ type: link.RTM_GETLINK, body, attempted, parse: link.parseLink })
    return (await found.catch(emptyWhen('ENODEV')))[0]
  }

  /**
   * Creates a pair and resolves to this end; `peerIndex` is the other end's index in its namespace.
   * Rejects with EEXIST when either name is taken.
   */
  async createVeth({ peer: { netns, ...peer }, alias, ...options }: VethOptions): Promise<link.Link> {
    checkLinkName(options.name)
    checkLinkName(peer.name)
    using target = opened(netns)
    const body = link.encodeVeth({ ...options, peer: { ...peer, ...(target && { netnsFd: target.fd }) } })
    const attempted = () => `create veth ${options.name} with peer ${peer.name}${target ? ` in ${target.path}` : ''}`
    const creating = this.#channel.request({
      type: link.RTM_NEWLINK,
      flags: NLM_F_CREATE | NLM_F_EXCL,
      body,
      attempted,
    })
    if (alias === undefined) return present(await Promise.all([creating, this.linkByName(options.name)]), attempted)
    // Only when it was created: under a taken name the alias would go to somebody else's link.
    await creating
    return present(await Promise.all([this.setLink(options.name, { alias }), this.linkByName(options.name)]), attempted)
  }

  /** Creates a link that needs no more than a kind (`bridge`, `dummy`). */
  async createLink(kind: string, options: Omit<LinkChange, 'netns'> & { readonly name: string }): Promise<void> {
    checkLinkName(options.name)
    const body = link.encodeNewLink(kind, options)
    const attempted = () => `create ${kind} ${options.name}`
    await this.#channel.request({ type: link.RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL, body, attempted })
  }

  /** Changes attributes of a link, or moves it to another namespace. A rename needs the index (and, before Linux 6.3, a link that is down). */
  async setLink(selector: link.LinkSelector, { netns, ...changes }: LinkChange): Promise<void> {
    if (changes.name !== undefined) {
      checkLinkName(changes.name)
      if (typeof selector === 'string')
        throw new TypeError(`expected the index of the link to rename, got its name ${selector}`)
    }
    using target = opened(netns)
    const body = link.encodeSetLink(selector, { ...changes, ...(target && { netnsFd: target.fd }) })
    const attempted = () => describeLinkChange(selector, changes, target?.path)
    await this.#channel.request({ type: link.RTM_NEWLINK, body, attempted })
  }

  deleteLink(selector: link.LinkSelector): Promise<boolean> {
    const attempted = () => `delete ${describeLink(selector)}`
    const body = link.encodeLinkSelector(selector, false)
    return removed(this.#channel.request({ type: link.RTM_DELLINK, body, attempted }), 'ENODEV')
  }

  /**
   * Removes many links at once. The kernel waits out a grace period (here 20 ms) for every removal, but only once for all links
   * of a group. Links that are gone already are left out. Rejects with EOPNOTSUPP, and removes none, when one is no virtual link.
   */
  async deleteLinks(selectors: readonly link.LinkSelector[]): Promise<void> {
    const group = randomInt(1, 2 ** 31)
    await Promise.all(selectors.map(selector => this.setLink(selector, { group }).catch(emptyWhen('ENODEV'))))
    const attempted = () => `delete ${selectors.length} links`
    const body = link.encodeGroupDelete(group)
    await removed(this.#channel.request({ type: link.RTM_DELLINK, body, attempted }), 'ENODEV')
  }

  addresses(filter: { index?: number; family?: Family } = {}): Promise<addr.Address[]> {
    const attempted = () => `list addresses${filter.index === undefined ? '' : ` of link ${filter.index}`}`
    const body = addr.encodeAddressDump(filter.index, filter.family)
    const found = this.#channel.dump({ type: addr.RTM_GETADDR, body, attempted, parse: addr.parseAddress })
    return found.catch(emptyWhen('ENODEV'))
  }

  /** Rejects with EEXIST when the link has it, unless `replace` is set. */
  async addAddress({ replace, ...spec }: addr.AddressSpec & { readonly replace?: boolean }): Promise<void> {
    const attempted = () => `add address ${spec.address}/${spec.prefixLength} to link ${spec.index}`
    await this.#channel.request({
      type: addr.RTM_NEWADDR,
      flags: creation(replace),
      body: addr.encodeAddress(spec),
      attempted,
    })
  }

  deleteAddress(spec: Pick<addr.AddressSpec, 'index' | 'address' | 'prefixLength'>): Promise<boolean> {
    const attempted = () => `remove address ${spec.address}/${spec.prefixLength} from link ${spec.index}`
    const body = addr.encodeAddress(spec)
    return removed(this.#channel.request({ type: addr.RTM_DELADDR, body, attempted }), 'EADDRNOTAVAIL', 'ENODEV')
  }

  /** Configured routes (of every table unless one is named); cached exceptions are left out. */
  async routes(filter: route.RouteFilter = {}): Promise<route.Route[]> {
    const attempted = () => 'list routes'
    const body = route.encodeRouteDump(filter)
    const found = this.#channel.dump({ type: route.RTM_GETROUTE, body, attempted, parse: route.parseRoute })
    return (await found.catch(emptyWhen('ENOENT', 'ENODEV'))).filter(each => !each.cloned)
  }

  /** Rejects with EEXIST when there is one with this destination, table and metric, unless `replace` is set. */
  async addRoute({ replace, ...spec }: route.RouteSpec & { readonly replace?: boolean }): Promise<void> {
    const attempted = () => `${replace ? 'set' : 'add'} route ${describeRoute(spec)}`
    await this.#channel.request({
      type: route.RTM_NEWROUTE,
      flags: creation(replace),
      body: route.encodeRoute(spec),
      attempted,
    })
  }

  deleteRoute(spec: route.RouteSpec): Promise<boolean> {
    const attempted = () => `remove route ${describeRoute(spec)}`
    const body = route.encodeRoute(spec)
    return removed(this.#channel.request({ type: route.RTM_DELROUTE, body, attempted }), 'ESRCH', 'ENODEV')
  }

  rules(family?: Family): Promise<rule.Rule[]> {
    const attempted = () => 'list rules'
    const found = this.#channel.dump({
      type: rule.RTM_GETRULE,
      body: rule.encodeRuleDump(family),
      attempted,
      parse: rule.parseRule,
    })
    return found.catch(emptyWhen('EAFNOSUPPORT'))
  }

  /** Rejects with EEXIST for a rule that is there in all its parts. */
  async addRule(spec: rule.RuleSpec): Promise<void> {
    const attempted = () => `add rule ${describeRule(spec)}`
    await this.#channel.request({
      type: rule.RTM_NEWRULE,
      flags: NLM_F_CREATE | NLM_F_EXCL,
      body: rule.encodeRule(spec),
      attempted,
    })
  }

  deleteRule(spec: rule.RuleSpec): Promise<boolean> {
    const attempted = () => `remove rule ${describeRule(spec)}`
    return removed(this.#channel.request({ type: rule.RTM_DELRULE, body: rule.encodeRule(spec), attempted }), 'ENOENT')
  }

  /** Entries of the neighbour table, or the proxy entries. */
  neighbours(filter: { family?: Family; index?: number; proxy?: boolean } = {}): Promise<neigh.Neighbour[]> {
    const attempted = () => 'list neighbours'
    const body = neigh.encodeNeighbourDump(filter)
    return this.#channel.dump({ type: neigh.RTM_GETNEIGH, body, attempted, parse: neigh.parseNeighbour })
  }

  /** Adds or replaces a permanent entry or a proxy entry. */
  async setNeighbour(spec: neigh.NeighbourSpec): Promise<void> {
    const attempted = () => `set ${describeNeighbour(spec)}`
    await this.#channel.request({
      type: neigh.RTM_NEWNEIGH,
      flags: NLM_F_CREATE | NLM_F_REPLACE,
      body: neigh.encodeNeighbour(spec),
      attempted,
    })
  }

  deleteNeighbour(spec: Omit<neigh.NeighbourSpec, 'mac'>): Promise<boolean> {
    const attempted = () => `remove ${describeNeighbour(spec)}`
    const body = neigh.encodeNeighbour(spec)
    return removed(this.#channel.request({ type: neigh.RTM_DELNEIGH, body, attempted }), 'ENOENT', 'ENODEV')
  }
}

const creation = (replace: boolean | undefined): number => NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL)

function checkLinkName(name: string): void {
  if (name !== '.' && name !== '..' && /^[^\s/:]+$/.test(name) && Buffer.byteLength(name) <= link.maxLinkName) return
  const expected = `expected 1 to ${link.maxLinkName} bytes without space, "/" or ":"`
  throw new LinuxError(`name a link ${JSON.stringify(name)}`, ERANGE, expected)
}

/** A namespace open for the time of a request; one that the caller opened stays open. */
function opened(netns: NetnsRef | undefined): Netns | undefined {
  if (netns === undefined) return undefined
  if (typeof netns === 'string') return openNetns(netns === 'host' ? '/proc/self/ns/net' : netns)
  return { fd: netns.fd, path: netns.path, [Symbol.dispose]: () => undefined }
}

function present([, created]: [unknown, link.Link | undefined], attempted: () => string): link.Link {
  if (!created) throw new LinuxError(attempted(), ENODEV, 'it was removed at once')
  return created
}

/** Takes these errors for "nothing there". */
const emptyWhen =
  (...codes: string[]) =>
  (error: unknown): never[] => {
    if (hasCode(error, ...codes)) return []
    throw error
  }

async function removed(request: Promise<unknown>, ...codesOfAbsence: string[]): Promise<boolean> {
  try {
    await request
    return true
  } catch (error) {
    if (hasCode(error, ...codesOfAbsence)) return false
    throw error
  }
}
