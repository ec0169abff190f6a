import { ipFamily } from '@ovnkit/inet'
import { announcements, ensureSysctl, type Netlink, readSysctl, sendFrames } from '@ovnkit/linux'
import type { Logger } from '@ovnkit/process'
import type { OwnerStatus, ReadableStore } from '@ovnkit/reconcile'
import type { HostStore } from '../facts/host.ts'
import type { Held } from './held.ts'
import { heldKind } from './kinds.ts'
import { linkOf } from './link.ts'

/** Milliseconds after an address came to live here. More than once: a frame may be lost, and a switch may not have opened the port yet. */
const moments = [0, 1000, 3000]

export interface AnnouncerOptions {
  readonly held: ReadableStore<Held>
  readonly links: HostStore
  /** Outcomes by owner. */
  readonly outcomes: ReadableStore<OwnerStatus>
  readonly netlink: Netlink
  readonly logger: Logger
}

/** Tells the neighbours of every address that comes to live here, as soon as the host has it. */
export class Announcer implements Disposable {
  readonly #options: AnnouncerOptions
  readonly #resources = new DisposableStack()
  /** Addresses that were announced, and what is still to come. */
  readonly #told = new Map<string, NodeJS.Timeout[]>()

  constructor(options: AnnouncerOptions) {
    this.#options = options
    const { held, outcomes } = options
    const prefix = `${heldKind}/`
    this.#resources.use(
      outcomes.subscribe((owner, status) => {
        if (owner.startsWith(prefix) && status?.state === 'done') this.#arrived(owner.slice(prefix.length))
      }),
    )
    this.#resources.use(
      held.subscribe((address, one) => {
        if (one === undefined) this.#left(address)
      }),
    )
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
    for (const address of [...this.#told.keys()]) this.#left(address)
  }

  #arrived(address: string): void {
    if (this.#told.has(address) || this.#options.held.get(address)?.announce !== 'arp') return
    const timers = moments.map(after => setTimeout(() => void this.#tell(address), after).unref())
    this.#told.set(address, timers)
  }

  #left(address: string): void {
    for (const timer of this.#told.get(address) ?? []) clearTimeout(timer)
    this.#told.delete(address)
  }

  async #tell(key: string): Promise<void> {
    const { held, links, netlink, logger } = this.#options
    const one = held.get(key)
    const name =
      one &&
      (one.link ||
        linkOf(
          one.address,
          [...links.entries()].map(([, link]) => link),
        ))
    if (one === undefined || name === undefined) return
    const { address } = one
    try {
      answerOn(name, ipFamily(address), logger)
      const link = (await netlink.links()).find(other => other.name === name)
      if (link?.mac === undefined || held.get(key) === undefined) return
      sendFrames(link.index, announcements(address, link.mac))
      logger.info({ address, link: name }, 'announced an address that lives on this node')
    } catch (err) {
      logger.error({ err, address, link: name }, 'could not announce an address that lives on this node')
    }
  }
}

/** Lets the kernel answer on a link for addresses that are not the link's own. */
function answerOn(link: string, family: 4 | 6, logger: Logger): void {
  if (family === 6) {
    ensureSysctl(`net/ipv6/conf/${link}/proxy_ndp`, 1)
    // Answers by proxy are otherwise put off by up to 0.8 s (RFC 4861, 7.2.8), for the case that the proxied one answers itself.
    ensureSysctl(`net/ipv6/neigh/${link}/proxy_delay`, 0)
    return
  }
  const ignored = ['all', link].some(name => Number(readSysctl(`net/ipv4/conf/${name}/arp_ignore`) ?? 0) > 0)
  if (ignored) {
    logger.error(
      { link },
      'arp_ignore keeps this node from answering for addresses that live on it: set net.ipv4.conf.all.arp_ignore and that of the interface to 0',
    )
  }
}
