import { type Link, type Netlink, setOffloads, userspaceDatapathOffloads } from '@ovnkit/linux'
import { type HeldAddress, type HeldRoute, heldAddresses, heldRoutes, type Journal, routeKey } from './journal.ts'

export interface Held {
  readonly addresses: readonly HeldAddress[]
  readonly routes: readonly HeldRoute[]
}

/** What a link has now that would have to go with the network. */
export async function readHeld(netlink: Netlink, link: Link): Promise<Held> {
  const [addresses, routes] = await Promise.all([netlink.addresses({ index: link.index }), netlink.routes()])
  return { addresses: heldAddresses(addresses, link.index), routes: heldRoutes(routes, link.index) }
}

/** As an interface that is to carry what the NIC carried. */
export async function prepareLink(
  netlink: Netlink,
  link: Link,
  options: { mtu: number; userspace: boolean },
): Promise<void> {
  if (options.userspace) setOffloads(link.name, 'host', userspaceDatapathOffloads)
  if (!link.up || link.mtu !== options.mtu) await netlink.setLink(link.index, { up: true, mtu: options.mtu })
}

/**
 * Makes `to` have what the journal says, and no lease that was superseded, and `from` nothing of it. One batch of requests, in this order: an address is never on neither, and the routes stand
 * again before the kernel takes those of the old addresses away. Does nothing, and asks for nothing, where all is in place.
 */
export async function transfer(netlink: Netlink, journal: Journal, to: Link, from: Link | undefined): Promise<boolean> {
  const [there, left] = await Promise.all([
    readHeld(netlink, to),
    from === undefined ? nothing : readHeld(netlink, from),
  ])
  const has = new Set(there.addresses.map(addressKey))
  const routed = new Set(there.routes.map(routeKey))
  const missing = journal.addresses.filter(each => !has.has(addressKey(each)))
  const unrouted = ordered(journal.routes.filter(route => !routed.has(routeKey(route))))
  const old = journal.superseded.filter(each => has.has(addressKey(each)))
  // The kernel may take the other addresses of a network away with its first one, and routes with any: then all of them are given again.
  const again = old.length > 0 ? ordered(journal.routes) : unrouted
  const requests = [
    ...missing.map(one => give(netlink, one, to)),
    ...unrouted.map(route => netlink.addRoute({ ...route, index: to.index, replace: true })),
    ...(from === undefined ? [] : removals(netlink, left, from)),
    ...old.map(({ address, prefixLength }) => netlink.deleteAddress({ index: to.index, address, prefixLength })),
    ...(old.length > 0 ? journal.addresses.map(one => give(netlink, one, to)) : []),
    ...again.map(route => netlink.addRoute({ ...route, index: to.index, replace: true })),
  ]
  const failed = (await Promise.allSettled(requests)).slice(-again.length || requests.length).find(isRejected)
  if (failed !== undefined) throw failed.reason
  return requests.length > 0
}

const give = (netlink: Netlink, { address, prefixLength }: HeldAddress, { index }: Link): Promise<void> =>
  netlink.addAddress({ index, address, prefixLength, nodad: true, replace: true })

const nothing: Held = { addresses: [], routes: [] }
const isRejected = (result: PromiseSettledResult<unknown>): result is PromiseRejectedResult =>
  result.status === 'rejected'
const addressKey = ({ address, prefixLength }: HeldAddress): string => `${address}/${prefixLength}`

/** Routes without a router first: they make the routers of the others reachable. */
const ordered = (routes: readonly HeldRoute[]): HeldRoute[] =>
  routes.toSorted((a, b) => Number(a.via !== undefined) - Number(b.via !== undefined))

function removals(netlink: Netlink, left: Held, from: Link): Promise<unknown>[] {
  return [
    ...left.routes.map(route => netlink.deleteRoute({ ...route, index: from.index })),
    ...left.addresses.map(({ address, prefixLength }) =>
      netlink.deleteAddress({ index: from.index, address, prefixLength }),
    ),
  ]
}
