import { isIPv4, isIPv6 } from 'node:net'
import { InetError } from './error.ts'

export type Family = 4 | 6

declare const ipBrand: unique symbol
/** An address in its one canonical text: dotted decimal, or RFC 5952. Equal addresses are equal strings. */
export type IpAddress = string & { readonly [ipBrand]: true }

const WIDTH = { 4: 32, 6: 128 } as const

/** Number of bits of an address of this family. */
export function addressBits(family: Family): 32 | 128 {
  return WIDTH[family]
}

/**
 * Parse an IPv4 or IPv6 address. Zones (`%eth0`), leading zeros in IPv4 octets and surrounding spaces are refused.
 * @throws InetError `syntax`
 */
export function parseIp(text: string): IpAddress {
  const ip = tryParseIp(text)
  if (ip === undefined) {
    throw new InetError('syntax', `expected an IPv4 or IPv6 address, got ${JSON.stringify(text)}`)
  }
  return ip
}

/** As `parseIp`, but `undefined` for what is no address. */
export function tryParseIp(text: string): IpAddress | undefined {
  if (isIPv4(text)) return text as IpAddress
  if (isIPv6(text) && !text.includes('%')) return formatV6(v6ToBigint(text)) as IpAddress
  return undefined
}

/** Family of a canonical address. */
export function ipFamily(ip: IpAddress): Family {
  return ip.includes(':') ? 6 : 4
}

/** The address as an unsigned integer of 32 or 128 bits. */
export function ipToBigint(ip: IpAddress): bigint {
  return ip.includes(':') ? v6ToBigint(ip) : BigInt(v4ToNumber(ip))
}

/**
 * The address that an unsigned integer stands for.
 * @throws InetError `outside` when the integer does not fit the family.
 */
export function ipFromBigint(value: bigint, family: Family): IpAddress {
  if (value < 0n || value >> BigInt(WIDTH[family]) !== 0n) {
    throw new InetError('outside', `expected an unsigned ${WIDTH[family]}-bit integer for IPv${family}, got ${value}`)
  }
  return (family === 4 ? formatV4(Number(value)) : formatV6(value)) as IpAddress
}

/** Order of addresses: IPv4 before IPv6, then by value. */
export function compareIp(a: IpAddress, b: IpAddress): number {
  const byFamily = ipFamily(a) - ipFamily(b)
  if (byFamily !== 0) return byFamily
  const x = ipToBigint(a)
  const y = ipToBigint(b)
  return x < y ? -1 : x > y ? 1 : 0
}

function v4ToNumber(text: string): number {
  let value = 0
  let octet = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 46) {
      value = value * 256 + octet
      octet = 0
    } else octet = octet * 10 + code - 48
  }
  return value * 256 + octet
}

function formatV4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`
}

function v6ToBigint(text: string): bigint {
  const [head = '', tail] = dotsToGroups(text).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  let value = 0n
  for (const group of left) value = (value << 16n) | BigInt(Number.parseInt(group, 16))
  if (tail === undefined) return value
  value <<= BigInt(16 * (8 - left.length - right.length))
  for (const group of right) value = (value << 16n) | BigInt(Number.parseInt(group, 16))
  return value
}

/** `::ffff:1.2.3.4` -> `::ffff:102:304` */
function dotsToGroups(text: string): string {
  if (!text.includes('.')) return text
  const start = text.lastIndexOf(':') + 1
  const low = v4ToNumber(text.slice(start))
  return `${text.slice(0, start)}${(low >>> 16).toString(16)}:${(low & 0xffff).toString(16)}`
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups shortened. */
function formatV6(value: bigint): string {
  const groups: number[] = []
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((value >> shift) & 0xffffn))
  // Section 5: IPv4-mapped addresses keep the dotted form.
  if (value >> 32n === 0xffffn) return `::ffff:${formatV4(Number(value & 0xffffffffn))}`
  const { start, length } = longestZeroRun(groups)
  if (length < 2) return joinGroups(groups)
  return `${joinGroups(groups.slice(0, start))}::${joinGroups(groups.slice(start + length))}`
}

function joinGroups(groups: readonly number[]): string {
  return groups.map(group => group.toString(16)).join(':')
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue
    if (i - start > best.length) best = { start, length: i - start }
    start = i + 1
  }
  return best
}
