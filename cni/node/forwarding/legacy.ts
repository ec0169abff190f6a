import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Json } from './packet.ts'

const run = promisify(execFile)

/** Name of the table in what is told, beside iptables-nft's `filter`. */
export const legacyTable = 'filter (iptables-legacy)'

const kinds = [
  { family: 'ip', tables: '/proc/net/ip_tables_names', program: 'iptables-legacy-save' },
  { family: 'ip6', tables: '/proc/net/ip6_tables_names', program: 'ip6tables-legacy-save' },
] as const

/**
 * The filter tables of iptables-legacy (xtables), which nftables does not show, in the form of `nft -j list ruleset`. Where the kernel has none (its list of tables
 * says so: asking iptables would make one), which is the rule, no program runs; where there is one but the program is missing, nothing can be told.
 */
export async function readLegacy(): Promise<Json[]> {
  const found = await Promise.all(
    kinds
      .filter(({ tables }) => namesOf(tables).includes('filter'))
      .map(({ program, family }) => save(program, family)),
  )
  return found.flat()
}

function namesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    // A kernel without xtables.
    return []
  }
}

async function save(program: string, family: 'ip' | 'ip6'): Promise<Json[]> {
  try {
    return parseLegacy((await run(program, ['-t', 'filter'], { timeout: 10_000 })).stdout, family)
  } catch {
    return []
  }
}

/** Reads iptables-save(8). What a rule asks for beside interfaces, addresses and connection states is kept as a match of unknown outcome. */
export function parseLegacy(text: string, family: 'ip' | 'ip6'): Json[] {
  const place = { family, table: legacyTable }
  return text.split('\n').flatMap((line): Json[] => {
    const chain = /^:(\S+) (\S+)/.exec(line)
    if (chain !== null) return [{ chain: { ...place, name: chain[1], ...baseOf(chain[1], chain[2]) } }]
    const rule = /^-A (\S+) ?(.*)$/.exec(line)
    return rule === null ? [] : [{ rule: { ...place, chain: rule[1], expr: expressions(rule[2] ?? '', family) } }]
  })
}

const baseOf = (name = '', policy = '') =>
  name === 'FORWARD' ? { type: 'filter', hook: 'forward', policy: policy.toLowerCase() } : {}

/** Options come with `!` before them, a comment in quotes. */
const option = /(! )?(--?[a-zA-Z-]+)((?: (?!! )(?:"(?:\\.|[^"])*"|[^-\s"]\S*))*)/g

function expressions(rule: string, family: 'ip' | 'ip6'): Json[] {
  const parts = [...rule.matchAll(option)].map(([, not, name = '', value = '']) => ({
    op: not === undefined ? '==' : '!=',
    name,
    value: value.trim(),
  }))
  const matches = parts.flatMap(({ op, name, value }) => matchOf(op, name, value, family) ?? [])
  const verdict = parts.flatMap(({ name, value }) => (name === '-j' || name === '-g' ? [verdictOf(name, value)] : []))
  return [...matches, ...verdict]
}

const match = (op: string, left: Json, right: unknown): Json[] => [{ match: { op, left, right } }]

function matchOf(op: string, name: string, value: string, family: 'ip' | 'ip6'): Json[] | undefined {
  if (name === '-i' || name === '-o')
    return match(op, { meta: { key: name === '-i' ? 'iifname' : 'oifname' } }, value.replace(/\+$/, '*'))
  if (name === '-s' || name === '-d') {
    const [addr, len] = value.split('/')
    const left = { payload: { protocol: family, field: name === '-s' ? 'saddr' : 'daddr' } }
    return match(op, left, { prefix: { addr, len: Number(len ?? (family === 'ip' ? 32 : 128)) } })
  }
  if (name === '-p') return match(op, { meta: { key: 'l4proto' } }, value)
  // Its own options follow and say nothing more here.
  return name === '-m' ? [{ xt: { type: 'match', name: value.split(' ')[0] } }] : undefined
}

function verdictOf(name: string, value: string): Json {
  const [target = ''] = value.split(' ')
  if (name === '-g') return { goto: { target } }
  const plain = { ACCEPT: 'accept', DROP: 'drop', RETURN: 'return' }[target]
  if (plain !== undefined) return { [plain]: null }
  if (target === 'REJECT') return { xt: { type: 'target', name: target } }
  return target === 'LOG' || target === 'MARK' ? { xt: { type: 'target', name: target } } : { jump: { target } }
}
