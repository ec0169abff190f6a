import { InetError } from './error.ts'
import { addressBits, type Family, type IpAddress, ipFamily, ipFromBigint, ipToBigint, tryParseIp } from './ip.ts'
import type { IpRange } from './range.ts'

/** A network. `text` is canonical (`network/prefix`), so equal networks have equal texts. */
export interface Cidr {
  readonly text: string
  readonly family: Family
  readonly network: IpAddress
  readonly prefixLength: number
  readonly first: bigint
  readonly last: bigint
}

export interface ParseCidrOptions {
  /** What to do with `10.0.0.5/24`: refuse it (the default), or take the network it lies in. */
  readonly hostBits?: 'reject' | 'mask'
}

/**
 * Parse `address/prefix`.
 * @throws InetError `syntax`, `prefix` (length outside the family's), `host-bits`
 */
export function parseCidr(text: string, { hostBits = 'reject' }: ParseCidrOptions = {}): Cidr {
  const slash = text.indexOf('/')
  const ip = tryParseIp(slash < 0 ? '' : text.slice(0, slash))
  const prefixText = text.slice(slash + 1)
  if (ip === undefined || !/^(0|[1-9]\d{0,2})$/.test(prefixText)) {
    throw new InetError('syntax', `expected a network as address/prefix (10.0.0.0/16, fd00::/64), got "${text}"`)
  }
  const cidr = cidrOf(ip, Number(prefixText))
  if (hostBits === 'reject' && cidr.network !== ip) {
    throw new InetError('host-bits', `"${text}" has bits set behind the prefix; the network is ${cidr.text}`)
  }
  return cidr
}

/**
 * The network of `prefixLength` bits that an address lies in.
 * @throws InetError `prefix`
 */
export function cidrOf(ip: IpAddress, prefixLength: number): Cidr {
  const family = ipFamily(ip)
  const bits = addressBits(family)
  if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > bits) {
    throw new InetError('prefix', `expected a prefix length of 0 to ${bits} for IPv${family}, got ${prefixLength}`)
  }
  const hostBits = BigInt(bits - prefixLength)
  const first = (ipToBigint(ip) >> hostBits) << hostBits
  const network = ipFromBigint(first, family)
  const last = first + (1n << hostBits) - 1n
  return { text: `${network}/${prefixLength}`, family, network, prefixLength, first, last }
}

/** Whether an address, or a whole network, lies in `cidr`. Different families never contain one another. */
export function cidrContains(cidr: Cidr, inner: IpAddress | Cidr): boolean {
  if (typeof inner !== 'string') {
    return inner.family === cidr.family && inner.first >= cidr.first && inner.last <= cidr.last
  }
  if (ipFamily(inner) !== cidr.family) return false
  const value = ipToBigint(inner)
  return value >= cidr.first && value <= cidr.last
}

/** Whether two networks share an address. */
export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last
}

/**
 * The n-th address of a network: 0 is the network's own, -1 the last one.
 * @throws InetError `outside`
 */
export function hostAddress(cidr: Cidr, n: number | bigint): IpAddress {
  const offset = BigInt(n)
  const value = offset < 0n ? cidr.last + 1n + offset : cidr.first + offset
  if (value < cidr.first || value > cidr.last) {
    throw new InetError('outside', `expected an index inside ${cidr.text}, got ${n}`)
  }
  return ipFromBigint(value, cidr.family)
}

/**
 * Addresses that hosts may have. IPv4 without network and broadcast address, but both of a /31 (RFC 3021);
 * IPv6 without the subnet-router anycast address (RFC 4291 2.6.1), but both of a /127 (RFC 6164).
 */
export function usableRange(cidr: Cidr): IpRange {
  const { family, first, last } = cidr
  if (last - first < 2n) return { family, first, last }
  return { family, first: first + 1n, last: family === 4 ? last - 1n : last }
}

/** Size of `usableRange`. */
export function usableHostCount(cidr: Cidr): bigint {
  const { first, last } = usableRange(cidr)
  return last - first + 1n
}
