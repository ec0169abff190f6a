import { managementInterface } from '@ovnkit/cni-api'
import { addressBits, type IpAddress, ipFamily } from '@ovnkit/inet'
import { KernelAddress, KernelNeighbour, NftChain, NftElement, NftSet } from '@ovnkit/linux'
import type { Desired, OwnerKind, ReadableStore, Rendered, View } from '@ovnkit/reconcile'
import { type HostContext, linksOf } from '../host/context.ts'
import { nftFamilies, hostTable as table } from '../host/table.ts'
import type { Held, WayOut } from './held.ts'
import { linkOf } from './link.ts'

export interface FloatingWorld {
  readonly held: ReadableStore<Held>
  readonly ways: ReadableStore<WayOut>
  /** Source of each pod that may leave by this node with a fixed one. */
  readonly sources: ReadableStore<IpAddress>
}

/** Kind of the owners of addresses, as `statusStore` names them. */
export const heldKind = 'held-address'

/** Not the NIC, which is others'; not the management port, which goes away with the switch, and whose other address must stay the source of what leaves by it. */
const home = 'lo'

/** Owners of the addresses that live on this node, and of what makes pods leave with them. */
export function floatingKinds(context: HostContext, { held, ways, sources }: FloatingWorld): OwnerKind[] {
  const objects = (list: readonly Desired[]): Rendered => ({ kind: 'objects', objects: list })
  return [
    { kind: 'floating', keys: [context.node], order: 3, render: () => objects(skeleton()) },
    {
      kind: heldKind,
      keys: held,
      order: 4,
      render(key, view) {
        const one = view.get(held, key)
        return objects(one === undefined ? [] : here(context, one, view))
      },
    },
    {
      kind: 'egress-way',
      keys: ways,
      order: 4,
      render(key, view) {
        const way = view.get(ways, key)
        return objects(way === undefined ? [] : [chainFor(way)])
      },
    },
    {
      kind: 'egress-pod',
      keys: sources,
      order: 5,
      render(key, view) {
        const source = view.get(sources, key)
        if (source === undefined) return objects([])
        const set = `egress${ipFamily(source)}`
        return objects([new NftElement({ table, set, element: key, data: `goto ${chainOf(source)}` })])
      },
    },
  ]
}

/**
 * The sets, and who asks them. What comes to an address that lives here and no Service takes is refused: programs of the host that listen on every address
 * are not meant. ICMP goes on.
 */
function skeleton(): Desired[] {
  const input = nftFamilies.flatMap(({ family, ip }) => [
    `${ip} daddr @held${family} ct status dnat accept`,
    `${ip} daddr @held${family} meta l4proto tcp ct state new reject with tcp reset`,
    `${ip} daddr @held${family} meta l4proto { udp, sctp } ct state new reject`,
  ])
  const out = nftFamilies.map(
    ({ family, ip }) => `oifname != "${managementInterface}" ${ip} saddr vmap @egress${family}`,
  )
  return [
    ...nftFamilies.flatMap(({ family, address }) => [
      new NftSet({ table, name: `held${family}`, type: address }),
      new NftSet({ table, name: `egress${family}`, type: address, data: 'verdict' }),
    ]),
    new NftChain({ table, name: 'held-input', hook: { type: 'filter', hook: 'input', priority: -5 }, rules: input }),
    // Before the masquerading of all others.
    new NftChain({
      table,
      name: 'egress-ip',
      hook: { type: 'nat', hook: 'postrouting', priority: 90 },
      rules: out,
    }),
  ]
}

/** The address is this host's, and on its network it answers for it. */
function here({ links }: HostContext, { address, announce, link: named }: Held, view: View): Desired[] {
  const family = ipFamily(address)
  const own = [
    new KernelAddress({ link: home, address, prefixLength: addressBits(family) }),
    new NftElement({ table, set: `held${family}`, element: address }),
  ]
  const link = named || linkOf(address, linksOf(view, links))
  // ARP is answered for every address of the host; neighbour discovery only for those of the interface itself, and by proxy.
  if (family === 4 || announce === 'none' || link === undefined) return own
  return [...own, new KernelNeighbour({ link, address, proxy: true })]
}

function chainFor({ address, excluded }: WayOut): Desired {
  const family = ipFamily(address)
  const ip = family === 4 ? 'ip' : 'ip6'
  const others = excluded.filter(range => range.includes(':') === (family === 6))
  const rules = [...others.map(range => `${ip} daddr ${range} return`), `snat ${ip} to ${address} fully-random`]
  return new NftChain({ table, name: chainOf(address), rules })
}

const chainOf = (address: IpAddress) => `egress-${address.replaceAll(':', '_')}`
