import type { Desired, Held, Target, TargetBatch, TargetLimits, TargetSink } from '@ovnkit/reconcile'
import { Netlink } from '../netlink.ts'
import type { NetnsRef } from '../netns.ts'
import { KernelBatch, ownerInAlias } from './batch.ts'
import {
  KernelAddress,
  KernelLink,
  KernelNeighbour,
  type KernelObject,
  KernelRoute,
  KernelRule,
  kernelTargetName,
  linksOf,
} from './desired.ts'
import { LinkSettings } from './link-settings.ts'
import { KernelMirror } from './mirror.ts'
import { routeSpecOf, ruleSpecOf } from './read-back.ts'

/**
 * Our number in `protocol` of routes, rules, neighbours and addresses and in `group` of created links: the mark of what is ours.
 * Not used by others as far as /etc/iproute2/rt_protos of iproute2 6 and FRR's numbers (11, 186-197) go.
 */
export const ourProtocol = 94

export interface KernelTargetOptions {
  /** The namespace to keep; the process's own unless given. */
  readonly netns?: NetnsRef
  readonly name?: string
  readonly protocol?: number
  /** Called when the kernel's state could not be read. */
  readonly onError?: (error: unknown) => void
}

/**
 * Keeps links, addresses, routes, rules and neighbours of a network namespace as owners want them (KernelLink, KernelAddress,
 * KernelRoute, KernelRule, KernelNeighbour). What carries no mark of ours is neither changed nor removed; drift is noticed by the kernel's events:
 * an internal port that comes back after a crash of the switch gets its attributes, addresses and routes again.
 */
export class KernelTarget implements Target, Disposable {
  readonly name: string
  // The kernel has no transactions, so that an outcome must belong to one owner; requests of owners in flight share system calls.
  readonly limits: TargetLimits = { inFlight: 16, owners: 1 }
  readonly #protocol: number
  readonly #netlink: Netlink
  readonly #mirror: KernelMirror
  readonly #onError: (error: unknown) => void
  readonly #settings: LinkSettings
  /** Keys of desired objects by the name of the link that they need. */
  readonly #dependants = new Map<string, Set<string>>()
  #sink: TargetSink | undefined

  private constructor({
    netns,
    name = kernelTargetName,
    protocol = ourProtocol,
    onError = () => undefined,
  }: KernelTargetOptions) {
    this.name = name
    this.#protocol = protocol
    this.#onError = onError
    this.#netlink = Netlink.open(netns === undefined ? {} : { netns })
    this.#settings = new LinkSettings(this.#netlink)
    this.#mirror = new KernelMirror(this.#netlink, protocol, {
      changed: key => this.#sink?.changed(key),
      linkChanged: name => this.#linkChanged(name),
      linkRemoved: index => this.#settings.forget(index),
      replaced: () => this.#sink?.resync(),
      failed: error => this.#onError(error),
    })
  }

  /** Opens the namespace and reads what it holds. */
  static async open(options: KernelTargetOptions = {}): Promise<KernelTarget> {
    const target = new KernelTarget(options)
    try {
      await target.#mirror.read()
      return target
    } catch (error) {
      target[Symbol.dispose]()
      throw error
    }
  }

  get ready(): boolean {
    return this.#mirror.complete
  }

  attach(sink: TargetSink): Disposable {
    this.#sink = sink
    return {
      [Symbol.dispose]: () => {
        this.#sink = undefined
      },
    }
  }

  begin(): TargetBatch {
    return new KernelBatch(
      { netlink: this.#netlink, mirror: this.#mirror, protocol: this.#protocol, settings: this.#settings },
      (object, wanted) => this.#remember(object, wanted),
    )
  }

  /** Everything with our mark. */
  *held(): Generator<Held> {
    const mirror = this.#mirror
    for (const link of mirror.links.values()) {
      if (link.group === this.#protocol)
        yield { owner: ownerInAlias(link.alias), object: new KernelLink({ name: link.name }, this.name) }
    }
    for (const object of this.#markedObjects()) yield { owner: undefined, object }
  }

  *#markedObjects(): Generator<Desired> {
    const mirror = this.#mirror
    for (const { index, address, prefixLength, protocol } of mirror.addresses.values()) {
      const link = mirror.nameOf(index)
      if (protocol === this.#protocol && link !== undefined)
        yield new KernelAddress({ link, address, prefixLength }, this.name)
    }
    for (const route of mirror.routes.values())
      yield new KernelRoute(routeSpecOf(route, mirror.nameOf(route.index)), this.name)
    for (const rule of mirror.rules.values()) yield new KernelRule(ruleSpecOf(rule), this.name)
    for (const { index, address, proxy, protocol } of mirror.neighbours.values()) {
      const link = mirror.nameOf(index)
      if (protocol === this.#protocol && link !== undefined)
        yield new KernelNeighbour({ link, address, proxy }, this.name)
    }
  }

  [Symbol.dispose](): void {
    this.#mirror[Symbol.dispose]()
    this.#netlink[Symbol.dispose]()
  }

  #remember(object: KernelObject, wanted: boolean): void {
    for (const link of linksOf(object)) {
      const keys = this.#dependants.get(link) ?? new Set()
      if (wanted) this.#dependants.set(link, keys.add(object.key))
      else if (keys.delete(object.key) && keys.size === 0) this.#dependants.delete(link)
    }
  }

  #linkChanged(name: string): void {
    for (const key of this.#dependants.get(name) ?? []) this.#sink?.changed(key)
  }
}
