import { type Address, parseAddress, RTM_DELADDR, RTM_NEWADDR } from './codec/address.ts'
import { type Link, parseLink, RTM_DELLINK, RTM_NEWLINK } from './codec/link.ts'
import { eachMessage, type Message, NLM_F_REPLACE } from './codec/message.ts'
import { type Neighbour, parseNeighbour, RTM_DELNEIGH, RTM_NEWNEIGH } from './codec/neighbour.ts'
import { parseRoute, type Route, RTM_DELROUTE, RTM_NEWROUTE } from './codec/route.ts'
import { parseRule, RTM_DELRULE, RTM_NEWRULE, type Rule } from './codec/rule.ts'
import type { NetnsRef } from './netns.ts'
import { NetlinkSocket, receiveBuffer } from './socket.ts'

/** Multicast groups by kind (enum rtnetlink_groups, linux/rtnetlink.h). */
const groups = { link: [1], neighbour: [3], address: [5, 9], route: [7, 11], rule: [8, 19] } as const
export type EventKind = keyof typeof groups

/** `removed` false: the object appeared or changed; a route that `replaces` took the place of one with its destination, table and metric. */
export type NetlinkEvent =
  | { readonly kind: 'link'; readonly removed: boolean; readonly link: Link }
  | { readonly kind: 'address'; readonly removed: boolean; readonly address: Address }
  | { readonly kind: 'route'; readonly removed: boolean; readonly replaces: boolean; readonly route: Route }
  | { readonly kind: 'rule'; readonly removed: boolean; readonly rule: Rule }
  | { readonly kind: 'neighbour'; readonly removed: boolean; readonly neighbour: Neighbour }
  /** The kernel dropped events because we were too slow (ENOBUFS): read everything again. */
  | { readonly kind: 'resync' }

export interface Subscription extends Disposable {
  /**
   * Handles now what the kernel has reported so far. It reports a change before it acknowledges the request that made it, so after
   * a request of one's own and this, the handler knows of it.
   */
  drain(): void
  ref(): void
  /** Let the process end although this subscription is open. */
  unref(): void
}

const queueBytes = 4 * 1024 * 1024
/** Datagrams handled in one turn of the event loop. */
const slice = 64

/** Events of a namespace, in the kernel's order. `handle` is called synchronously from the event loop. */
export function subscribe(
  netns: NetnsRef,
  kinds: readonly EventKind[],
  handle: (event: NetlinkEvent) => void,
): Subscription {
  const socket = new NetlinkSocket('route', netns, queueBytes)
  try {
    for (const kind of kinds) for (const group of groups[kind]) socket.join(group)
    return start(socket, handle)
  } catch (error) {
    socket[Symbol.dispose]()
    throw error
  }
}

function start(socket: NetlinkSocket, handle: (event: NetlinkEvent) => void): Subscription {
  let open = true
  /** False when there is nothing more. */
  const receive = (): boolean => {
    const received = socket.receive()
    if (received === 'empty') return false
    for (const event of received === 'overrun' ? [resync] : parseEvents(received)) if (open) handle(event)
    return true
  }
  const receiveUpTo = (datagrams: number): void => {
    for (let i = 0; i < datagrams && open; i++) if (!receive()) return
  }
  const poll = socket.onReadable(() => receiveUpTo(slice))
  return {
    drain: () => receiveUpTo(Number.POSITIVE_INFINITY),
    ref: () => poll.ref(),
    unref: () => poll.unref(),
    [Symbol.dispose]() {
      if (!open) return
      open = false
      poll[Symbol.dispose]()
      socket[Symbol.dispose]()
    },
  }
}

const resync: NetlinkEvent = { kind: 'resync' }

function parseEvents(length: number): NetlinkEvent[] {
  const events: NetlinkEvent[] = []
  eachMessage(receiveBuffer, length, message => {
    const event = parseEvent(message)
    if (event !== undefined) events.push(event)
  })
  return events
}

function parseEvent(message: Message): NetlinkEvent | undefined {
  switch (message.type) {
    case RTM_NEWLINK:
    case RTM_DELLINK: {
      const link = parseLink(message)
      return link && { kind: 'link', removed: message.type === RTM_DELLINK, link }
    }
    case RTM_NEWADDR:
    case RTM_DELADDR: {
      const address = parseAddress(message)
      return address && { kind: 'address', removed: message.type === RTM_DELADDR, address }
    }
    case RTM_NEWROUTE:
    case RTM_DELROUTE: {
      const route = parseRoute(message)
      return (
        route && {
          kind: 'route',
          removed: message.type === RTM_DELROUTE,
          replaces: (message.flags & NLM_F_REPLACE) !== 0,
          route,
        }
      )
    }
    case RTM_NEWRULE:
    case RTM_DELRULE: {
      const rule = parseRule(message)
      return rule && { kind: 'rule', removed: message.type === RTM_DELRULE, rule }
    }
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH: {
      const neighbour = parseNeighbour(message)
      return neighbour && { kind: 'neighbour', removed: message.type === RTM_DELNEIGH, neighbour }
    }
  }
  return undefined
}
