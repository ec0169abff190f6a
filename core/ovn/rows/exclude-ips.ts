import { type IpRange, ipFromBigint } from '@ovnkit/inet'

/**
 * `other_config:exclude_ips`: IPv4 addresses and ranges, joined by spaces. OVN writes a range with two dots; with a hyphen northd logs
 * "bad exclude_ips" and excludes nothing. IPv6 ranges have no place here and are left out.
 */
export function formatExcludeIps(ranges: readonly IpRange[]): string {
  return ranges
    .filter(range => range.family === 4)
    .map(range => {
      const first = ipFromBigint(range.first, 4)
      return range.first === range.last ? first : `${first}..${ipFromBigint(range.last, 4)}`
    })
    .join(' ')
}
