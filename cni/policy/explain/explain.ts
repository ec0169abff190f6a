import { numberOf, type Protocol } from '../group.ts'
import { type Band, type Direction, type Policy, type PolicyRule, type PortMatch, policyKey } from '../rule.ts'
import { type End, endText, isIn, isPeer, type PodEnd } from './ends.ts'

/** A new connection, as its destination sees it: one to a Service is one to the endpoint that answers. */
export interface Question {
  readonly from: End
  readonly to: End
  readonly protocol: Protocol
  readonly port: number
}

/** A rule by its policy and its place among the rules of its direction, counted from 1. */
export interface RuleName {
  readonly policy: Policy
  readonly rule: PolicyRule
  readonly number: number
}

/** What one band says. */
export interface BandRuling {
  readonly band: Band
  readonly effect: 'allow' | 'deny' | 'next'
  /** What decided: a rule, or policies that isolate. */
  readonly by: readonly RuleName[]
  readonly isolatedBy: readonly Policy[]
}

/** What policies say of one side of a connection. */
export interface SideRuling {
  readonly direction: Direction
  readonly pod: PodEnd
  readonly allowed: boolean
  /** The bands that were asked, in their order; the last decided, unless it says `next`. */
  readonly bands: readonly BandRuling[]
  /** Why no policy was asked. */
  readonly exempt?: string
}

export interface Explanation {
  readonly allowed: boolean
  readonly sides: readonly SideRuling[]
}

/** Whether policies let a connection through, and which ones say so. The source's side first; nodes and the outside have none. */
export function explain(policies: readonly Policy[], question: Question): Explanation {
  const { from, to } = question
  const sides: SideRuling[] = []
  if (from.kind === 'pod') sides.push(sideOf(policies, question, { direction: 'egress', pod: from, peer: to }))
  if (to.kind === 'pod') sides.push(sideOf(policies, question, { direction: 'ingress', pod: to, peer: from }))
  return { allowed: sides.every(({ allowed }) => allowed), sides }
}

interface Side {
  readonly direction: Direction
  readonly pod: PodEnd
  readonly peer: End
}

function sideOf(policies: readonly Policy[], question: Question, side: Side): SideRuling {
  const { direction, pod } = side
  const exempt = exemption(side)
  if (exempt !== undefined) return { direction, pod, allowed: true, bands: [], exempt }
  const own = policies.filter(({ subject }) => isIn(subject, pod))
  const bands: BandRuling[] = []
  for (const band of ['admin', 'network', 'baseline'] as const) {
    const members = own.filter(policy => policy.band === band)
    const ruling = band === 'network' ? byAddition(members, question, side) : byOrder(band, members, question, side)
    bands.push(ruling)
    if (ruling.effect !== 'next') return { direction, pod, allowed: ruling.effect === 'allow', bands }
  }
  return { direction, pod, allowed: true, bands }
}

function exemption({ direction, pod, peer }: Side): string | undefined {
  if (peer.kind === 'pod' && endText(peer) === endText(pod)) return 'a pod always reaches itself'
  if (direction === 'ingress' && peer.kind === 'node' && peer.name === pod.node)
    return "a pod's own node always reaches it"
  return undefined
}

/** The first rule that matches decides. */
function byOrder(band: Band, members: readonly Policy[], question: Question, side: Side): BandRuling {
  for (const policy of members.toSorted((a, b) => a.rank - b.rank)) {
    const [first] = matching(policy, question, side)
    if (first === undefined) continue
    const { action } = first.rule
    return { band, effect: action === 'pass' ? 'next' : action, by: [first], isolatedBy: [] }
  }
  return { band, effect: 'next', by: [], isolatedBy: [] }
}

/** Any rule that matches lets through; who is isolated and has none is denied. */
function byAddition(members: readonly Policy[], question: Question, side: Side): BandRuling {
  const isolatedBy = members.filter(({ isolates }) => isolates.includes(side.direction))
  if (isolatedBy.length === 0) return { band: 'network', effect: 'next', by: [], isolatedBy }
  const by = isolatedBy.flatMap(policy => matching(policy, question, side))
  return { band: 'network', effect: by.length > 0 ? 'allow' : 'deny', by, isolatedBy }
}

function matching(policy: Policy, question: Question, { direction, peer }: Side): RuleName[] {
  return policy.rules
    .filter(rule => rule.direction === direction)
    .map((rule, i): RuleName => ({ policy, rule, number: i + 1 }))
    .filter(({ rule }) => isAmong(rule, peer) && hasPort(rule, question))
}

const isAmong = ({ peers }: PolicyRule, end: End): boolean =>
  peers === 'everybody' || peers.some(peer => isPeer(peer, end))

const hasPort = ({ ports }: PolicyRule, question: Question): boolean =>
  ports === 'all' || ports.some(port => isPort(port, question))

function isPort(match: PortMatch, { to, protocol, port }: Question): boolean {
  if (match.protocol !== protocol) return false
  if ('name' in match) return to.kind === 'pod' && numberOf(to, protocol, match.name) === port
  return match.port === undefined || (port >= match.port && port <= (match.endPort ?? match.port))
}

/** `ingress rule 2 of NetworkPolicy/a/b`. */
export const ruleText = ({ policy, rule, number }: RuleName): string =>
  `${rule.direction} rule ${number} of ${policyKey(policy)}`
