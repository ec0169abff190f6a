import type { LoadBalancerPoolSpec } from '@ovnkit/cni-api'
import { formatRange, InetError, type IpRange, parseCidr, parseRange, rangesOverlap, usableRange } from '@ovnkit/inet'
import type { Problem } from '../subnet/parse.ts'

/** What a pool's spec says. */
export interface PoolRanges {
  /** Disjoint. */
  readonly ranges: readonly IpRange[]
  /** Never given on our own account, nor on request. */
  readonly exclude: readonly IpRange[]
}

/**
 * Reads the addresses of a pool. Of an IPv4 CIDR the first and last address are not given: on a network of that size they would be no host's. Who
 * wants them writes a range.
 */
export function parsePool({ addresses, excludeIPs = [] }: LoadBalancerPoolSpec): PoolRanges | Problem {
  try {
    const ranges = addresses.map(text => (text.includes('/') ? usableRange(parseCidr(text)) : parseRange(text)))
    const twice = ranges.find((one, i) => ranges.some((other, j) => j < i && rangesOverlap(one, other)))
    if (twice !== undefined)
      return { reason: 'InvalidAddresses', message: `spec.addresses: ${formatRange(twice)} overlaps another entry` }
    return { ranges, exclude: excludeIPs.map(text => parseRange(text)) }
  } catch (error) {
    if (!(error instanceof InetError)) throw error
    return { reason: 'InvalidAddresses', message: `spec.addresses, spec.excludeIPs: ${error.message}` }
  }
}
