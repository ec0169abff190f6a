import { InetError } from './error.ts'
import { type Family, ipFamily, ipFromBigint, ipToBigint, parseIp } from './ip.ts'

/** Addresses `first` to `last`, both included. */
export interface IpRange {
  readonly family: Family
  readonly first: bigint
  readonly last: bigint
}

/**
 * Parse one address (`10.0.0.5`) or a range (`10.0.0.5-10.0.0.9`).
 * @throws InetError `syntax`, `family` (ends of different families), `reversed` (the end before the start)
 */
export function parseRange(text: string): IpRange {
  const [start = '', end = start, ...rest] = text.split('-').map(part => part.trim())
  if (rest.length > 0) throw new InetError('syntax', `expected an address or "first-last", got "${text}"`)
  const from = parseIp(start)
  const to = parseIp(end)
  const family = ipFamily(from)
  if (family !== ipFamily(to)) throw new InetError('family', `the ends of "${text}" are of different families`)
  const range = { family, first: ipToBigint(from), last: ipToBigint(to) }
  if (range.last < range.first) throw new InetError('reversed', `"${text}" ends before it starts; write ${to}-${from}`)
  return range
}

/** The shortest text that `parseRange` reads back. */
export function formatRange({ family, first, last }: IpRange): string {
  const start = ipFromBigint(first, family)
  return first === last ? start : `${start}-${ipFromBigint(last, family)}`
}

/** Whether two ranges share an address. */
export function rangesOverlap(a: IpRange, b: IpRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last
}

/** The addresses that two ranges share. */
export function intersectRanges(a: IpRange, b: IpRange): IpRange | undefined {
  if (!rangesOverlap(a, b)) return undefined
  const { first } = a.first > b.first ? a : b
  const { last } = a.last < b.last ? a : b
  return { family: a.family, first, last }
}

/** The same addresses of one family as sorted, disjoint, non-adjacent ranges, cut to `within`. */
export function mergeRanges(ranges: Iterable<IpRange>, within: IpRange): IpRange[] {
  const parts = [...ranges].map(range => intersectRanges(range, within)).filter(part => part !== undefined)
  parts.sort((a, b) => (a.first < b.first ? -1 : 1))
  const merged: IpRange[] = []
  for (const part of parts) {
    const previous = merged.at(-1)
    if (previous === undefined || part.first > previous.last + 1n) merged.push(part)
    else if (part.last > previous.last) merged[merged.length - 1] = { ...previous, last: part.last }
  }
  return merged
}
