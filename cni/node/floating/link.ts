import { cidrContains, type IpAddress, parseCidr } from '@ovnkit/inet'
import type { HostLink } from '../facts/host.ts'

/**
 * The interface on which others look for an address: the one whose network has it, the narrowest. An address of no network of the host's is routed to it, and needs
 * no announcement.
 */
export function linkOf(address: IpAddress, links: Iterable<HostLink>): string | undefined {
  let best: { readonly name: string; readonly length: number } | undefined
  for (const { name, networks } of links) {
    if (/^(lo$|ovn-|br-int$)/.test(name)) continue
    for (const network of networks.map(text => parseCidr(text)))
      if (cidrContains(network, address) && network.prefixLength > (best?.length ?? -1))
        best = { name, length: network.prefixLength }
  }
  return best?.name
}
