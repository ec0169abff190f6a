import { type Cidr, formatRange, type IpRange, rangesOverlap } from '@ovnkit/inet'
import type { PoolFacts } from '../facts/pool.ts'
import { isProblem, type Problem } from '../subnet/parse.ts'
import { type PoolRanges, parsePool } from './parse-pool.ts'

/** A range that somebody else has, with a name for messages. */
export interface Taken {
  readonly name: string
  readonly range: Pick<Cidr, 'family' | 'first' | 'last'>
}

export interface PoolsInput {
  readonly pools: readonly PoolFacts[]
  /** Whether Services have addresses of the pool. */
  readonly inUse: (pool: string) => boolean
  /** Subnets, Services, the join network. */
  readonly taken: readonly Taken[]
}

export type PoolVerdict =
  | ({ readonly kind: 'accepted' } & PoolRanges)
  | { readonly kind: 'refused'; readonly problem: Problem }

/** Decides which pools can be used. Those in use come first, then the older ones: a newcomer takes nothing from a pool that works. */
export function planPools({ pools, inUse, taken }: PoolsInput): Map<string, PoolVerdict> {
  const verdicts = new Map<string, PoolVerdict>()
  const accepted: Taken[] = []
  const order = pools.toSorted(
    (a, b) => Number(inUse(b.name)) - Number(inUse(a.name)) || a.created - b.created || (a.name < b.name ? -1 : 1),
  )
  for (const pool of order) {
    const parsed = parsePool(pool.spec)
    const problem = isProblem(parsed) ? parsed : overlap(parsed.ranges, [...taken, ...accepted])
    if (isProblem(parsed) || problem !== undefined) {
      verdicts.set(pool.name, { kind: 'refused', problem: problem ?? { reason: 'InvalidAddresses', message: '' } })
      continue
    }
    verdicts.set(pool.name, { kind: 'accepted', ...parsed })
    for (const range of parsed.ranges) accepted.push({ name: `LoadBalancerPool ${pool.name}`, range })
  }
  return verdicts
}

function overlap(ranges: readonly IpRange[], taken: readonly Taken[]): Problem | undefined {
  for (const range of ranges) {
    const other = taken.find(one => rangesOverlap(one.range, range))
    if (other === undefined) continue
    const text = formatRange(range)
    return {
      reason: 'Overlap',
      message: `spec.addresses: ${text} overlaps ${other.name} (${formatRange(other.range)})`,
    }
  }
  return undefined
}
