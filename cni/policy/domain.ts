import { createHash } from 'node:crypto'
import type { Family } from '@ovnkit/inet'
import { groupId, type PodGroup } from './group.ts'
import { PolicyMistake } from './mistake.ts'
import { peersIn } from './needs.ts'
import type { Policy } from './rule.ts'

const wildcard = '*.'
/** As the API's definition has it (DomainName). */
const form = /^(\*\.)?([a-z0-9_]([-a-z0-9_]*[a-z0-9])?\.)+[a-z0-9_]([-a-z0-9_]*[a-z0-9])?$/
/** RFC 1035, 2.3.4. */
const longest = 253

/**
 * A domain name as peers have it, `www.example.com` or `*.example.com`, in lower case without a final dot: equal ones are equal texts.
 * @throws PolicyMistake
 */
export function parseDomainName(text: string): string {
  const name = text.toLowerCase().replace(/\.$/, '')
  if (!form.test(name) || name.length > longest)
    throw new PolicyMistake(`expected a domain name like www.example.com or *.example.com, got "${text}"`)
  return name
}

/** The names out of `wanted` that mean this one: itself, and those with a wildcard in place of one or more of its first labels. */
export function meaning(wanted: ReadonlySet<string>, name: string): string[] {
  const found = wanted.has(name) ? [name] : []
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const parent = `${wildcard}${name.slice(dot + 1)}`
    if (wanted.has(parent)) found.push(parent)
  }
  return found
}

/** Identity of a domain name, for rows and stores. */
export const domainSetId = (name: string): string => `d${createHash('sha256').update(name).digest('hex').slice(0, 16)}`

/** The address set of a domain name, of one family. */
export const domainSetName = (id: string, family: Family): string => `np_${id}_v${family}`

/** What is to be learned for policies. */
export interface DomainUse {
  /** Sorted, each once. */
  readonly names: readonly string[]
  /** Pods that may use them: what these ask is worth listening to. By `groupId`. */
  readonly subjects: readonly PodGroup[]
}

/** Every domain name that policies have as a peer; undefined where there is none. */
export function domainUse(policies: Iterable<Policy>): DomainUse | undefined {
  const names = new Set<string>()
  const subjects = new Map<string, PodGroup>()
  for (const { subject, rules } of policies) {
    const own = rules.flatMap(({ peers }) =>
      peersIn(peers).flatMap(peer => (peer.kind === 'domains' ? peer.names : [])),
    )
    for (const name of own) names.add(name)
    if (own.length > 0) subjects.set(groupId(subject), subject)
  }
  if (names.size === 0) return undefined
  const sorted = [...subjects].sort(([a], [b]) => (a < b ? -1 : 1))
  return { names: [...names].sort(), subjects: sorted.map(([, group]) => group) }
}
