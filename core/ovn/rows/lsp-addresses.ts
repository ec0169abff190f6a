import { type IpAddress, tryParseIp } from '@ovnkit/inet'

/**
 * The IP addresses that a Logical_Switch_Port uses, from its `addresses` and `dynamic_addresses` columns: "MAC IP...", "dynamic IP", "unknown",
 * "router" (ovn-nb(5)). Prefix lengths and anything that is no address are passed over.
 */
export function portAddresses(columns: { addresses: Iterable<string>; dynamic?: string | undefined }): IpAddress[] {
  const found = new Set<IpAddress>()
  for (const entry of [...columns.addresses, columns.dynamic ?? '']) {
    for (const word of entry.split(/\s+/)) {
      const ip = tryParseIp(word.split('/')[0] ?? '')
      if (ip !== undefined) found.add(ip)
    }
  }
  return [...found]
}
