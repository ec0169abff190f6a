import { ipFamily, macFromIp } from '@ovnkit/inet'
import type { OvnRow } from '@ovnkit/ovn'
import { isOverlay, type Network } from '../subnet/network.ts'

/** One hour: pods keep their address for life, and whoever asks renews in good time. */
const leaseSeconds = '3600'

/** Row keys of a network's DHCP_Options, by family. */
export const dhcpKey = (network: string, family: 4 | 6) => `dhcp/${family}/${network}`

/**
 * What OVN answers to DHCP of the network's ports (ovn-nb(5), DHCP_Options): the address that the port has anyway, the gateway, the network's MTU. A client on
 * the provider's wire is never answered: OVN answers ports of its own only.
 */
export function dhcpRows(network: Network, mtu: number): OvnRow[] {
  if (!network.dhcp) return []
  return network.ranges.flatMap((range, i) => {
    const gateway = network.gateways[i]
    if (gateway === undefined) return []
    const server = (isOverlay(network) ? gateway : network.interconnect?.[i]) ?? gateway
    const options =
      range.family === 4
        ? {
            server_id: server,
            server_mac: macFromIp(server),
            router: gateway,
            lease_time: leaseSeconds,
            ...(mtu > 0 && { mtu: String(mtu) }),
          }
        : { server_id: macFromIp(server) }
    return [
      {
        table: 'DHCP_Options',
        key: dhcpKey(network.key, range.family),
        columns: { cidr: range.text, options, external_ids: { 'zstack.io/subnet': network.subnet } },
      },
    ]
  })
}

/**
 * `ipv6_ra_configs` of the router's port: addresses come by DHCPv6, the default route from the router. Nothing is advertised on networks whose router is
 * somebody else's.
 */
export function routerAdvertisements(network: Network): Record<string, string> {
  const v6 = network.gateways.some(gateway => ipFamily(gateway) === 6)
  if (!network.dhcp || !v6 || !isOverlay(network)) return {}
  return { address_mode: 'dhcpv6_stateful', send_periodic: 'true', max_interval: '600', min_interval: '200' }
}
