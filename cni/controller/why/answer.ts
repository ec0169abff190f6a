import type { BandRuling, Explanation, Question, SideRuling } from '@ovnkit/cni-policy'
import { endText, groupText, policyKey, ruleText } from '@ovnkit/cni-policy'
import type { Acl } from './acls.ts'
import type { PolicyCount } from './counters.ts'
import type { Trace } from './trace.ts'

/** An ACL with where its packets are counted. */
export interface CountedAcl extends Acl {
  /** Of flows on the pod's node: `ovs-ofctl dump-flows br-int cookie=COOKIE/-1`. */
  readonly cookies: readonly string[]
}

/** The answer for programs; people get its lines. */
export interface Answer {
  readonly from: string
  readonly to: string
  readonly protocol: string
  readonly port: number
  /** The Service whose endpoint was asked for. */
  readonly service?: string | undefined
  readonly allowed: boolean
  readonly sides: readonly {
    readonly direction: string
    readonly pod: string
    readonly node: string
    readonly allowed: boolean
    readonly exempt?: string | undefined
    readonly bands: readonly AnsweredBand[]
  }[]
  /** What would have to let it through, a sentence each. */
  readonly needed: readonly string[]
  readonly trace?: Trace | undefined
}

interface AnsweredBand {
  readonly band: string
  readonly effect: string
  readonly rules: readonly string[]
  readonly isolatedBy: readonly string[]
  /** What the side's node has counted for the policies that decided. */
  readonly counted: readonly PolicyCount[]
  readonly acls: readonly CountedAcl[]
}

export interface Answering {
  readonly question: Question
  readonly explanation: Explanation
  readonly service: string | undefined
  aclsOf(ruling: BandRuling, side: SideRuling): readonly CountedAcl[]
  countsOf(ruling: BandRuling, side: SideRuling): readonly PolicyCount[]
  readonly trace: Trace | undefined
}

export function answerOf({ question, explanation, service, aclsOf, countsOf, trace }: Answering): Answer {
  const { from, to, protocol, port } = question
  return {
    from: endText(from),
    to: endText(to),
    protocol,
    port,
    service,
    allowed: explanation.allowed,
    sides: explanation.sides.map(side => ({
      direction: side.direction,
      pod: endText(side.pod),
      node: side.pod.node,
      allowed: side.allowed,
      exempt: side.exempt,
      bands: side.bands.map(ruling => ({
        band: ruling.band,
        effect: ruling.effect,
        rules: ruling.by.map(one => `${one.rule.action} by ${ruleText(one)}`),
        isolatedBy: ruling.isolatedBy.map(policyKey),
        counted: countsOf(ruling, side),
        acls: aclsOf(ruling, side),
      })),
    })),
    needed: explanation.sides.flatMap(side => neededFor(side, question)),
    trace,
  }
}

/** Who could let it through: whoever comes before the one that denies. */
function neededFor({ allowed, bands, direction, pod }: SideRuling, { from, to, protocol, port }: Question): string[] {
  const last = bands.at(-1)
  if (allowed || last === undefined) return []
  const [rule] = last.by
  const peer = direction === 'ingress' ? `from ${endText(from)}` : `to ${endText(to)}`
  const what = `${direction} ${peer} on ${protocol} port ${port}`
  if (last.band === 'network') {
    const selects = [...new Set(last.isolatedBy.map(({ subject }) => groupText(subject)))].join(' or ')
    return [
      `a NetworkPolicy of namespace ${pod.namespace} that selects ${endText(pod)} (as one for ${selects} does) has to let in ${what}`.replace(
        'let in egress',
        'let out egress',
      ),
    ]
  }
  const before = rule === undefined ? '' : ` before ${ruleText(rule)}`
  const policy = last.band === 'admin' ? 'AdminNetworkPolicy or ClusterNetworkPolicy' : 'policy of the baseline'
  const other = last.band === 'baseline' ? `a NetworkPolicy of namespace ${pod.namespace}, or ` : ''
  return [
    `${other}a rule of an ${policy} that is asked${before} has to allow ${what} for ${endText(pod)}`.replace(
      'an policy',
      'a policy',
    ),
  ]
}
