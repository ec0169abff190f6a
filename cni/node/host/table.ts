import { type Cidr, cidrContains, type Family } from '@ovnkit/inet'
import { NftElement, NftSet, nftPrefix } from '@ovnkit/linux'
import type { Desired, Rendered, View } from '@ovnkit/reconcile'
import { type HostContext, subnetsOf } from './context.ts'

/** The table of nftables that is ours as a whole. Those who contribute to it begin their names with what they are. */
export const hostTable = { family: 'inet', name: 'zstack-ovn' } as const

/** Both families' names in nftables; `ip` also means the version in front of `saddr` and `daddr`. */
export const nftFamilies = [
  { family: 4, ip: 'ip', protocol: 'ipv4', address: 'ipv4_addr' },
  { family: 6, ip: 'ip6', protocol: 'ipv6', address: 'ipv6_addr' },
] as const

/** Protocols by their names in nftables. */
export const nftProtocols = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const

/** Sets that several chains ask: the overlay Subnets' ranges, `overlay4` and `overlay6`, and those of Services, `services4` and `services6`. */
export function renderHostTable(context: HostContext, view: View): Rendered {
  const overlay = subnetsOf(view, context.subnets).flatMap(subnet => (subnet.overlay ? subnet.ranges : []))
  const services = rangeSets('services', serviceRanges(context, view))
  return { kind: 'objects', objects: [...rangeSets('overlay', overlay), ...services] }
}

/** Ranges of cluster addresses: `network.serviceCIDR` and those of ServiceCIDR objects. None while they are left to a kube-proxy. */
export function serviceRanges({ config, serviceCIDRs }: HostContext, view: View): readonly Cidr[] {
  if (!config.service.kubeProxyReplacement) return []
  const objects = [...view.keys(serviceCIDRs)].sort().flatMap(name => view.get(serviceCIDRs, name) ?? [])
  return [...config.network.serviceCIDR, ...objects]
}

/** Sets `<name>4` and `<name>6` of ranges. A range within another one of the list is left out: nftables refuses what overlaps. */
export function rangeSets(name: string, ranges: readonly Cidr[]): Desired[] {
  return nftFamilies.flatMap(({ family, address }) => {
    const set = `${name}${family}`
    const elements = widestRanges(ranges, family).map(
      range => new NftElement({ table: hostTable, set, element: nftPrefix(range) }),
    )
    return [new NftSet({ table: hostTable, name: set, type: address, flags: ['interval'] }), ...elements]
  })
}

/** The ranges of a family that lie in no other one of the list. */
export function widestRanges(ranges: readonly Cidr[], family: Family): Cidr[] {
  const own = [...new Map(ranges.filter(each => each.family === family).map(each => [each.text, each])).values()]
  return own.filter(range => !own.some(other => other !== range && cidrContains(other, range)))
}
