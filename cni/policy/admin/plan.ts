import { placeOf } from '../bands.ts'
import { priorities, type Ranked, rank } from '../ranks.ts'
import { type Band, type Direction, type Policy, type PolicyRule, policyKey } from '../rule.ts'
import type { AdminFacts } from './facts.ts'
import { mayOverlap } from './overlap.ts'
import type { NamedRule } from './rules.ts'

/** What became of a policy, for its author. */
export interface AdminVerdict {
  /** What of it is not carried out, a sentence each. */
  readonly problems: readonly string[]
  /** With whom it shares its priority although they may judge the same connection differently. */
  readonly conflicts: readonly string[]
  /** Nothing of it is carried out. */
  readonly refused: boolean
}

export interface AdminPlan {
  readonly policies: ReadonlyMap<string, Policy>
  readonly verdicts: ReadonlyMap<string, AdminVerdict>
}

export const adminKey = ({ kind, name }: Pick<AdminFacts, 'kind' | 'name'>): string =>
  policyKey({ kind, namespace: '', name })

/**
 * All policies of the cluster in normal form, each with its place among the others.
 * @param tiers whether the server has tiers of ACLs, without which nothing can be passed on
 */
export function planAdmin(all: Iterable<AdminFacts>, tiers: boolean): AdminPlan {
  const policies = new Map<string, Policy>()
  const verdicts = new Map<string, AdminVerdict>()
  for (const [band, members] of Map.groupBy(all, facts => facts.band))
    for (const { key, policy, verdict } of planBand(band, members, tiers)) {
      verdicts.set(key, verdict)
      if (policy !== undefined) policies.set(key, policy)
    }
  return { policies, verdicts }
}

function* planBand(band: Band, members: readonly AdminFacts[], tiers: boolean) {
  const { slots, outside } = rank(members.map(ranked), placeOf(band, tiers).slots)
  const left = new Set(outside)
  const samePriority = Map.groupBy(members, ({ priority }) => priority)
  for (const facts of members) {
    const key = adminKey(facts)
    const { rules, problems: passProblems } = tiers || band !== 'admin' ? withPass(facts) : withoutPass(facts)
    const room = left.has(key)
      ? [`there is no room for it among the ${placeOf(band, tiers).slots} rules of its tier`]
      : []
    const refused = left.has(key) || facts.subject === undefined
    const verdict = {
      problems: [...room, ...facts.problems, ...passProblems],
      conflicts: (samePriority.get(facts.priority) ?? [])
        .filter(other => conflicts(facts, other))
        .map(adminKey)
        .sort(),
      refused,
    }
    const policy =
      refused || facts.subject === undefined
        ? undefined
        : policyOf(facts, facts.subject, { rules, rank: slots.get(key) ?? 0, problems: verdict.problems })
    yield { key, verdict, policy }
  }
}

function policyOf(
  { kind, name, uid, band }: AdminFacts,
  subject: Policy['subject'],
  { rules, rank: slot, problems }: Pick<Policy, 'rules' | 'rank' | 'problems'>,
): Policy {
  return { kind, namespace: '', name, uid, band, rank: slot, subject, isolates: [], rules, problems }
}

/** As many slots as the longer of its two directions has rules: they are judged apart. */
function ranked(facts: AdminFacts): Ranked {
  const of = (direction: Direction) => facts.rules.filter(({ rule }) => rule.direction === direction).length
  const { priority = priorities - 1, created } = facts
  return { key: adminKey(facts), priority, created, size: Math.max(of('ingress'), of('egress')) }
}

interface Rules {
  readonly rules: readonly PolicyRule[]
  readonly problems: readonly string[]
}

/** Behind the baseline there is nothing to pass on to, and what nobody judges is allowed. */
const withPass = ({ rules, band }: AdminFacts): Rules => ({
  rules: rules.map(({ rule }) => (band === 'baseline' && rule.action === 'pass' ? { ...rule, action: 'allow' } : rule)),
  problems: [],
})

/** A rule that passes is left out, and so is what the policy would allow after it: that would let through what others are to judge. */
function withoutPass({ rules }: AdminFacts): Rules {
  const passing = new Set<Direction>()
  const problems: string[] = []
  const kept = rules.map(({ rule, title }: NamedRule) => {
    const passed = passing.has(rule.direction)
    if (rule.action === 'pass') {
      passing.add(rule.direction)
      problems.push(
        `${title}: Pass needs OVN 23.06 or newer (ACLs with tiers); it and what is allowed after it is left out`,
      )
    }
    return rule.action === 'pass' || (passed && rule.action === 'allow') ? { ...rule, peers: [] } : rule
  })
  return { rules: kept, problems }
}

/** Of two with one priority nobody can tell which judges first; that matters where they may judge one connection of one pod differently. */
function conflicts(a: AdminFacts, b: AdminFacts): boolean {
  if (a === b || a.priority === undefined || a.subject === undefined || b.subject === undefined) return false
  return mayOverlap(a.subject, b.subject) && (['ingress', 'egress'] as const).some(direction => differ(direction, a, b))
}

function differ(direction: Direction, a: AdminFacts, b: AdminFacts): boolean {
  const of = ({ rules }: AdminFacts) =>
    rules.filter(({ rule }) => rule.direction === direction).map(({ rule }) => rule.action)
  const others = of(b)
  return of(a).some(action => others.some(other => other !== action))
}
