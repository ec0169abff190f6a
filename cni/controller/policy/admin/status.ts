import { type AdminFacts, type AdminVerdict, groupId } from '@ovnkit/cni-policy'
import type { KubeDesires } from '@ovnkit/kube'
import type { Desired, OwnerKind, OwnerStatus, ReadableStore } from '@ovnkit/reconcile'
import { adminResources } from './resources.ts'

const statusInterval = 1000
/** How many others a condition names. */
const named = 5

export interface AdminWorld {
  readonly adminPolicies: ReadableStore<AdminFacts>
  readonly policy: { readonly adminVerdicts: ReadableStore<AdminVerdict> }
  /** Outcomes by owner key. */
  readonly outcomes: ReadableStore<OwnerStatus>
}

/** Tells on each policy of the cluster what became of it. */
export function adminStatusKind(world: AdminWorld, kube: KubeDesires): OwnerKind {
  return {
    kind: 'admin-policy',
    keys: world.adminPolicies,
    order: 4,
    render(key, view) {
      const facts = view.get(world.adminPolicies, key)
      const verdict = view.get(world.policy.adminVerdicts, key)
      if (facts === undefined || verdict === undefined) return { kind: 'objects', objects: [] }
      const rows = facts.subject && view.get(world.outcomes, `policy-subject/${groupId(facts.subject)}`)
      return { kind: 'objects', objects: [statusOf(facts, conditionsOf(facts, verdict, rows), kube)] }
    },
  }
}

function statusOf({ kind, name, uid }: AdminFacts, conditions: readonly Condition[], kube: KubeDesires): Desired {
  return kube.status({ resource: adminResources[kind], name, uid }, { conditions }, { minIntervalMs: statusInterval })
}

export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
  readonly observedGeneration: number
}

/**
 * `Accepted`: all of it is understood and supported. `Programmed`: its rules are in OVN. `Conflicted`, where it is: others of its priority judge the same
 * connections differently.
 */
export function conditionsOf(
  { generation: observedGeneration }: Pick<AdminFacts, 'generation'>,
  { problems, conflicts, refused }: AdminVerdict,
  rows: OwnerStatus | undefined,
): Condition[] {
  const told = [accepted(problems, refused), refused ? nothingDone : programmed(rows), ...conflicted(conflicts)]
  return told.map(one => ({ ...one, observedGeneration }))
}

type Told = Omit<Condition, 'observedGeneration'>

const accepted = (problems: readonly string[], refused: boolean): Told =>
  problems.length === 0
    ? { type: 'Accepted', status: 'True', reason: 'Accepted', message: '' }
    : {
        type: 'Accepted',
        status: 'False',
        reason: refused ? 'Refused' : 'PartlySupported',
        message: listed(problems, '; '),
      }

const nothingDone: Told = {
  type: 'Programmed',
  status: 'False',
  reason: 'Refused',
  message: 'nothing of it is carried out',
}

function programmed(rows: OwnerStatus | undefined): Told {
  if (rows?.state === 'done') return { type: 'Programmed', status: 'True', reason: 'Programmed', message: '' }
  return { type: 'Programmed', status: 'False', reason: rows?.reason || 'Pending', message: rows?.message ?? '' }
}

function conflicted(conflicts: readonly string[]): Told[] {
  if (conflicts.length === 0) return []
  const message = `${conflictText} ${listed(conflicts, ', ')}`
  return [{ type: 'Conflicted', status: 'True', reason: 'SamePriority', message }]
}

const conflictText =
  'the older judges first of those that have this priority and may judge the same connections differently:'

function listed(texts: readonly string[], separator: string): string {
  const more = texts.length > named ? [`and ${texts.length - named} more`] : []
  return [...texts.slice(0, named), ...more].join(separator)
}
