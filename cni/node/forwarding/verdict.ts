import { type ForwardedPacket, holds, isRecord, type Json, listOf } from './packet.ts'

/** Where a packet is thrown away: `chain FORWARD of table ip filter`, and how. */
export interface Obstacle {
  readonly table: string
  readonly chain: string
  readonly by: 'policy' | 'rule'
}

type Verdict = 'accept' | 'drop' | 'none'

interface Chain {
  readonly family: string
  readonly table: string
  readonly name: string
  readonly forwards: boolean
  readonly policy: string
  readonly rules: Json[]
}

/**
 * The first place in a ruleset (`nft -j list ruleset`, libnftables-json(5); iptables-nft's tables are in it) that surely throws the packet away. Every chain at the
 * hook `forward` is asked, of any priority: one that accepts overrides none that drops. A rule that might let the packet through counts as doing so, one that might
 * drop it as not.
 *
 * @param own table that is not asked, as `inet name`
 */
export function findObstacle(ruleset: unknown, packet: ForwardedPacket, own: string): Obstacle | undefined {
  const chains = readChains(ruleset)
  for (const chain of chains.values()) {
    if (!chain.forwards || !concerns(chain.family, packet) || `${chain.family} ${chain.table}` === own) continue
    const verdict = judge(chain, packet, chains, 0)
    const by = verdict === 'drop' ? 'rule' : 'policy'
    if (verdict === 'drop' || (verdict === 'none' && chain.policy === 'drop'))
      return { table: `${chain.family} ${chain.table}`, chain: chain.name, by }
  }
  return undefined
}

const concerns = (family: string, packet: ForwardedPacket): boolean =>
  family === 'inet' || family === (packet.family === 4 ? 'ip' : 'ip6')

const keyOf = ({ family, table }: Json, name: unknown): string => [family, table, name].map(String).join(' ')

function readChains(ruleset: unknown): Map<string, Chain> {
  const chains = new Map<string, Chain>()
  const objects = listOf(isRecord(ruleset) ? ruleset.nftables : undefined).filter(isRecord)
  for (const { chain } of objects) {
    if (!isRecord(chain)) continue
    chains.set(keyOf(chain, chain.name), {
      family: String(chain.family),
      table: String(chain.table),
      name: String(chain.name),
      forwards: chain.hook === 'forward' && chain.type === 'filter',
      policy: String(chain.policy),
      rules: [],
    })
  }
  for (const { rule } of objects) if (isRecord(rule)) chains.get(keyOf(rule, rule.chain))?.rules.push(rule)
  return chains
}

/** nft allows 16 jumps in one another. */
const deepest = 16

function judge(chain: Chain, packet: ForwardedPacket, chains: ReadonlyMap<string, Chain>, depth: number): Verdict {
  for (const rule of chain.rules) {
    const verdict = judgeRule(rule, packet, target => {
      const next = chains.get(keyOf(rule, target))
      return next === undefined || depth === deepest ? 'none' : judge(next, packet, chains, depth + 1)
    })
    if (verdict === 'return') return 'none'
    if (verdict !== 'none') return verdict
  }
  return 'none'
}

function judgeRule(rule: Json, packet: ForwardedPacket, follow: (target: unknown) => Verdict): Verdict | 'return' {
  let sure = true
  for (const expression of listOf(rule.expr).filter(isRecord)) {
    const verdict = verdictOf(expression, follow)
    if (verdict !== undefined) return sure || verdict === 'accept' ? verdict : 'none'
    const held = holds(expression, packet)
    if (held === false) return 'none'
    if (held === undefined) sure = false
  }
  return 'none'
}

function verdictOf(expression: Json, follow: (target: unknown) => Verdict): Verdict | 'return' | undefined {
  const { jump, goto, xt } = expression
  if ('accept' in expression || 'queue' in expression) return 'accept'
  if ('drop' in expression || 'reject' in expression) return 'drop'
  if ('return' in expression) return 'return'
  if (isRecord(jump)) return follow(jump.target)
  if (isRecord(goto)) {
    const verdict = follow(goto.target)
    return verdict === 'none' ? 'return' : verdict
  }
  return isRecord(xt) && xt.type === 'target' && xt.name === 'REJECT' ? 'drop' : undefined
}
