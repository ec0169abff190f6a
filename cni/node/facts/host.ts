import { cidrOf, type IpAddress, ipFamily } from '@ovnkit/inet'
import type { Netlink, NetlinkEvent, Subscription } from '@ovnkit/linux'
import { coalesced } from '@ovnkit/process'
import { Store, same } from '@ovnkit/reconcile'

/** A network interface of the host that has addresses. */
export interface HostLink {
  readonly name: string
  readonly mtu: number
  /** Global addresses, IPv4 first. */
  readonly addresses: readonly IpAddress[]
  /** The networks that it is on, by its addresses: `192.0.2.0/24`. */
  readonly networks: readonly string[]
}

export type HostStore = Store<HostLink>

export function createHostStore(): HostStore {
  return new Store<HostLink>({ name: 'host links', equals: same })
}

/** Follows the host's interfaces by the kernel's events. Keys are names; those without global addresses are left out. */
export function observeHost(netlink: Netlink, store: HostStore, onError: (error: unknown) => void): Subscription {
  const read = coalesced(() => readHost(netlink, store), onError)
  const subscription = netlink.subscribe(['link', 'address'], event => {
    if (concerns(event)) read()
  })
  read()
  return subscription
}

/** Pods' interfaces come and go all the time and have no address here. */
function concerns(event: NetlinkEvent): boolean {
  return event.kind !== 'link' || event.link.kind !== 'veth'
}

async function readHost(netlink: Netlink, store: HostStore): Promise<void> {
  const [links, addresses] = await Promise.all([netlink.links(), netlink.addresses()])
  const usable = addresses.filter(({ scope, tentative }) => scope === 'global' && !tentative)
  const found = links.flatMap(({ index, name, mtu }): [string, HostLink][] => {
    const own = usable.filter(address => address.index === index)
    if (own.length === 0) return []
    const sorted = own.map(({ address }) => address).sort((a, b) => ipFamily(a) - ipFamily(b))
    const networks = own.map(({ address, prefixLength }) => cidrOf(address, prefixLength).text)
    return [[name, { name, mtu, addresses: sorted, networks }]]
  })
  store.replace(found)
}
