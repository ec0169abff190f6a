import type { KubeObject } from '@ovnkit/kube'
import type { PodGroup } from '../group.ts'
import { PolicyMistake } from '../mistake.ts'
import type { Band } from '../rule.ts'
import type {
  AdminNetworkPolicy,
  ApiRule,
  ApiSubject,
  BaselineAdminNetworkPolicy,
  ClusterNetworkPolicy,
} from './objects.ts'
import { groupOf } from './peers.ts'
import { type NamedRule, rulesOf } from './rules.ts'

export type AdminKind = 'AdminNetworkPolicy' | 'BaselineAdminNetworkPolicy' | 'ClusterNetworkPolicy'

/** What is kept of a policy of the whole cluster, of whichever kind. */
export interface AdminFacts {
  readonly kind: AdminKind
  readonly name: string
  readonly uid: string
  readonly generation: number
  /** Milliseconds since the epoch. */
  readonly created: number
  readonly band: Exclude<Band, 'network'>
  /** 0 to 1000, the lowest first; undefined: after all that have one. */
  readonly priority: number | undefined
  /** undefined: it names no pods. */
  readonly subject: PodGroup | undefined
  readonly rules: readonly NamedRule[]
  /** What cannot be carried out, a sentence each. */
  readonly problems: readonly string[]
}

export const adminPolicyFacts = (object: AdminNetworkPolicy): AdminFacts =>
  factsOf('AdminNetworkPolicy', object, { band: 'admin', priority: object.spec?.priority ?? 0 })

/** The one baseline policy has no priority: ClusterNetworkPolicies of the baseline come before it. */
export const baselinePolicyFacts = (object: BaselineAdminNetworkPolicy): AdminFacts =>
  factsOf('BaselineAdminNetworkPolicy', object, { band: 'baseline', priority: undefined })

export const clusterPolicyFacts = (object: ClusterNetworkPolicy): AdminFacts =>
  factsOf('ClusterNetworkPolicy', object, {
    band: object.spec?.tier === 'Baseline' ? 'baseline' : 'admin',
    priority: object.spec?.priority ?? 0,
  })

interface Rules {
  readonly subject?: ApiSubject | null
  readonly ingress?: readonly ApiRule[] | null
  readonly egress?: readonly ApiRule[] | null
}

function factsOf(
  kind: AdminKind,
  { metadata = {}, spec = {} }: KubeObject & { readonly spec?: Rules },
  place: Pick<AdminFacts, 'band' | 'priority'>,
): AdminFacts {
  const subject = subjectOf(spec.subject ?? {})
  const ingress = rulesOf('ingress', spec.ingress ?? [])
  const egress = rulesOf('egress', spec.egress ?? [])
  return {
    kind,
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    generation: metadata.generation ?? 0,
    created: Date.parse(metadata.creationTimestamp ?? '') || 0,
    ...place,
    subject: subject instanceof PolicyMistake ? undefined : subject,
    rules: [...ingress.rules, ...egress.rules],
    problems: [
      ...(subject instanceof PolicyMistake ? [`subject: ${subject.message}`] : []),
      ...ingress.problems,
      ...egress.problems,
    ],
  }
}

function subjectOf(subject: ApiSubject): PodGroup | PolicyMistake {
  try {
    return groupOf(subject)
  } catch (error) {
    if (error instanceof PolicyMistake) return error
    throw error
  }
}
