import { type IpAddress, ipFamily } from '@ovnkit/inet'
import { parseIps } from './fields.ts'
import { parseInterfaceAddress } from './pod-networks.ts'

export interface InterfaceAddress {
  readonly ip: IpAddress
  readonly prefixLength: number
}

/** Value of `zstack.io/node-join-address`: `100.64.0.2/16,fd98::2/64`. */
export function formatJoinAddresses(addresses: readonly InterfaceAddress[]): string {
  return addresses.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`).join(',')
}

/**
 * Read `zstack.io/node-join-address`; IPv4 first.
 * @throws InetError
 */
export function parseJoinAddresses(text: string): readonly InterfaceAddress[] {
  return text
    .split(',')
    .map(part => parseInterfaceAddress(part.trim()))
    .sort((a, b) => ipFamily(a.ip) - ipFamily(b.ip))
}

/** A list of addresses of any number, as `zstack.io/node-addresses` holds it; what is no address is left out. */
export function parseAddressList(text: string): readonly IpAddress[] {
  return text.split(',').flatMap(part => {
    try {
      return parseIps(part.trim())
    } catch {
      return []
    }
  })
}
