import { type Cidr, cidrContains, InetError, type IpAddress, parseCidr } from '@ovnkit/inet'
import { NftChain, NftElement, nftPrefix } from '@ovnkit/linux'
import type { Desired, View } from '@ovnkit/reconcile'
import { type HostContext, linksOf } from '../host/context.ts'
import { hostTable, widestRanges } from '../host/table.ts'
import type { PortOf } from './balance.ts'
import { serviceSets } from './skeleton.ts'

const table = hostTable

/** Addresses of load balancers of one port, and who may use them. */
export interface Guarded {
  readonly addresses: readonly IpAddress[]
  readonly port: number
  /** `loadBalancerSourceRanges`; empty: everybody. */
  readonly sourceRanges: readonly string[]
}

/**
 * Who may reach a Service at its load balancer's addresses, from wherever. A family without a range of its own lets nobody in. The host itself comes with one of
 * its addresses, perhaps the load balancer's: it may when one of its addresses may.
 */
export function firewallObjects(context: HostContext, view: View, port: PortOf, guarded: Guarded): Desired[] {
  if (guarded.sourceRanges.length === 0 || guarded.addresses.length === 0) return []
  const ranges = widestRanges(parseRanges(guarded.sourceRanges), port.family)
  if (ranges.some(({ prefixLength }) => prefixLength === 0)) return []
  const name = `sources/${port.id}`
  const source = port.family === 4 ? 'ip saddr' : 'ip6 saddr'
  const allowed = ranges.length === 0 ? [] : [`${source} { ${ranges.map(nftPrefix).join(', ')} } return`]
  const host = hostIsIn(context, view, ranges) ? ['fib saddr type local return'] : []
  return [
    new NftChain({ table, name, rules: [...allowed, ...host, 'drop'] }),
    ...guarded.addresses.map(
      address =>
        new NftElement({
          table,
          set: `${serviceSets.firewalls}${port.family}`,
          element: `${address} . ${port.protocol} . ${guarded.port}`,
          data: `goto ${name}`,
        }),
    ),
  ]
}

function hostIsIn(context: HostContext, view: View, ranges: readonly Cidr[]): boolean {
  const own = linksOf(view, context.links).flatMap(({ addresses }) => addresses)
  return own.some(address => ranges.some(range => cidrContains(range, address)))
}

/** The API server refuses what is no range; what is from before it did so lets nobody in. */
function parseRanges(texts: readonly string[]): Cidr[] {
  return texts.flatMap(text => {
    try {
      return [parseCidr(text, { hostBits: 'mask' })]
    } catch (error) {
      if (error instanceof InetError) return []
      throw error
    }
  })
}
