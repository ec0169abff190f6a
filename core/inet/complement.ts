import { type Cidr, cidrContains, cidrOf, cidrsOverlap, parseCidr } from './cidr.ts'
import { addressBits, type Family, ipFromBigint } from './ip.ts'

/**
 * What is left of a family's addresses without `excluded`, as the fewest networks: at most one for each bit of each excluded prefix. Networks of the other
 * family are left out. For places that can say what a set holds, but not cheaply what it does not hold.
 */
export function complementOf(excluded: readonly Cidr[], family: Family): Cidr[] {
  const own = excluded.filter(range => range.family === family)
  return cidrWithout(parseCidr(family === 4 ? '0.0.0.0/0' : '::/0'), own)
}

/** What is left of a network without `excluded`, as the fewest networks, in ascending order. */
export function cidrWithout(range: Cidr, excluded: readonly Cidr[]): Cidr[] {
  const touching = excluded.filter(one => cidrsOverlap(one, range))
  if (touching.length === 0) return [range]
  if (touching.some(one => cidrContains(one, range)) || range.prefixLength === addressBits(range.family)) return []
  return halves(range).flatMap(half => cidrWithout(half, touching))
}

function halves({ network, prefixLength, first, last, family }: Cidr): Cidr[] {
  const middle = first + (last - first + 1n) / 2n
  return [cidrOf(network, prefixLength + 1), cidrOf(ipFromBigint(middle, family), prefixLength + 1)]
}
