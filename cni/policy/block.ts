import { type Cidr, cidrContains, cidrsOverlap, cidrWithout, type Family, type IpAddress, ipFamily } from '@ovnkit/inet'
import type { Peer } from './rule.ts'

export type Block = Extract<Peer, { kind: 'block' }>

/** A node, by what it calls itself and by what pods see of it. */
export interface NodeAddresses {
  /** The node's own, by which a block means it. */
  readonly own: readonly IpAddress[]
  /** Those in the join network, from which its traffic reaches pods. */
  readonly seen: readonly IpAddress[]
}

/** How a block deals with sources in the join network: they stand for nodes. */
export interface NodeCover {
  /** The block holds join addresses of nodes that it does not mean. */
  readonly apart: boolean
  /** Join addresses that belong to the block besides, sorted. */
  readonly addresses: readonly IpAddress[]
}

const keys = new WeakMap<Block, string>()

/** One entry for blocks that mean the same. */
export function blockKey(block: Block): string {
  const known = keys.get(block)
  if (known !== undefined) return known
  const key = [block.cidr.text, ...block.except.map(({ text }) => text).sort()].join(' !')
  keys.set(block, key)
  return key
}

/** @returns undefined where the block's own addresses say it all, which is nearly everywhere */
export function nodeCover(block: Block, nodes: Iterable<NodeAddresses>, join: readonly Cidr[]): NodeCover | undefined {
  const { family } = block.cidr
  const range = join.find(one => one.family === family)
  if (range === undefined) return undefined
  let apart = false
  let beside = false
  const addresses: IpAddress[] = []
  for (const { own, seen } of nodes) {
    const meant = own.some(address => holds(block, address))
    for (const address of seen) {
      if (ipFamily(address) !== family) continue
      const held = holds(block, address)
      if (meant) addresses.push(address)
      if (held && !meant) apart = true
      if (meant && !held) beside = true
    }
  }
  return apart || beside ? { apart, addresses: addresses.sort() } : undefined
}

const holds = ({ cidr, except }: Block, address: IpAddress): boolean =>
  cidrContains(cidr, address) && !except.some(one => cidrContains(one, address))

/** The networks that a block comes to as sources or destinations, as few as they can be. An exception is subtracted: OVN has no cheap "none of these". */
export function networksOf(
  { cidr, except }: Block,
  family: Family,
  cover?: NodeCover,
  join: readonly Cidr[] = [],
): string[] {
  if (cidr.family !== family) return []
  const apart = cover?.apart === true ? join.filter(range => cidrsOverlap(range, cidr)) : []
  return [...cidrWithout(cidr, [...except, ...apart]).map(({ text }) => text), ...(cover?.addresses ?? [])]
}
