import { readdirSync } from 'node:fs'
import type { Family } from '@ovnkit/inet'
import { ensureSysctl, readSysctl } from '@ovnkit/linux'

/**
 * Make the host a router, for pods' traffic through the management port.
 * @throws LinuxError where /proc/sys cannot be written
 */
export function enableForwarding(families: readonly Family[]): void {
  ensureSysctl('net/ipv4/ip_forward', 1)
  // The larger of all's and the interface's value counts (Documentation/networking/ip-sysctl).
  ensureSysctl('net/ipv4/conf/all/rp_filter', 0)
  if (!families.includes(6) || readSysctl('net/ipv6/conf/all/forwarding') === '1') return
  keepRouterAdvertisements()
  ensureSysctl('net/ipv6/conf/all/forwarding', 1)
}

/** A router ignores advertisements where accept_ra is 1: the host would lose its own default route after a while. */
function keepRouterAdvertisements(): void {
  for (const link of readdirSync('/proc/sys/net/ipv6/conf')) {
    const path = `net/ipv6/conf/${link}/accept_ra`
    if (link !== 'all' && readSysctl(path) === '1') ensureSysctl(path, 2)
  }
}
