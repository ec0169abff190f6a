import { hash } from 'node:crypto'
import { externalIds } from '@ovnkit/cni-api'
import type { Family } from '@ovnkit/inet'
import { type AclLog, type AclSpec, acl, addressSet, type Match, type OvnRow, portGroup } from '@ovnkit/ovn'
import { type BandPlace, slotPriority } from './bands.ts'
import type { PolicyLogging } from './facts/logging.ts'
import { groupText, type PodGroup } from './group.ts'
import { isolation, type MatchContext, matchesOf } from './matches.ts'
import { peerSetName, subjectName } from './names.ts'
import { peersIn } from './needs.ts'
import { type Action, type Band, type Direction, type Policy, type PolicyRule, policyKey } from './rule.ts'

export interface RowContext extends MatchContext {
  placeOf(band: Band): BandPlace
  loggingOf(policy: Policy): PolicyLogging
}

/** Name of the Meter that limits log lines. */
export const logMeter = 'acl-logging'

const actions = { allow: 'allow-related', deny: 'drop', pass: 'pass' } as const
const directions = { ingress: 'to-lport', egress: 'from-lport' } as const

/** A decision before it is known who else makes the same one. */
interface Decision {
  readonly direction: Direction
  readonly action: Action
  readonly match: Match
  readonly slot: number
  readonly policy: Policy
  /** What it is about may stop being so while a connection lasts. */
  readonly passing?: boolean
}

/**
 * The ACLs of the pods that `policies` are about: equal rules of several policies are one row. An ACL's key is its content: one that stays is not touched, whatever
 * comes and goes beside it.
 */
export function ruleRows(subject: PodGroup, policies: readonly Policy[], context: RowContext): OvnRow[] {
  const sorted = policies.toSorted((a, b) => (policyKey(a) < policyKey(b) ? -1 : 1))
  const decisions = sorted.flatMap(policy => [...ruleDecisions(policy, context), ...isolations(policy)])
  const same = Map.groupBy(decisions, one => identityOf(one, context))
  return [...same].map(([identity, [first, ...others]]) => {
    if (first === undefined) throw new Error('a group of decisions has one at least')
    return aclRow(subject, identity, [first, ...others], context)
  })
}

/** The port group of a group that policies are about; or, by the number of a port's name, of a part of one. */
export const groupRow = (group: PodGroup): OvnRow => {
  const name = subjectName(group)
  return portGroup({ key: name, name, externalIds: { [externalIds.group]: groupText(group) } })
}

/** The address sets of a group as peers, one for each family that pods have addresses of. */
export const peerRows = (group: PodGroup, families: readonly Family[]): OvnRow[] =>
  families.map(family => {
    const name = peerSetName(group, family)
    return addressSet({ key: name, name, externalIds: { [externalIds.group]: groupText(group) } })
  })

function ruleDecisions(policy: Policy, context: RowContext): Decision[] {
  return (['ingress', 'egress'] as const).flatMap(direction =>
    policy.rules
      .filter(rule => rule.direction === direction)
      .flatMap((rule, i) =>
        matchesOf(policy.subject, rule, context).map(match => ({
          direction,
          action: rule.action,
          match,
          slot: slotOf(policy, rule, i),
          policy,
          passing: hasDomains(rule),
        })),
      ),
  )
}

/** Nobody asks for a name again because of a connection that he has. */
const hasDomains = ({ peers }: PolicyRule): boolean => peersIn(peers).some(({ kind }) => kind === 'domains')

/** Rules of NetworkPolicies only add to one another; the others are asked in their order. */
const slotOf = ({ band, rank }: Policy, { action }: PolicyRule, i: number): number =>
  band === 'network' ? (action === 'allow' ? 0 : 1) : rank + i

const isolations = (policy: Policy): Decision[] =>
  policy.isolates.map(direction => ({
    direction,
    action: 'deny',
    match: isolation(policy.subject, direction),
    slot: 1,
    policy,
  }))

const identityOf = ({ direction, action, match, slot, policy }: Decision, context: RowContext): string => {
  const place = context.placeOf(policy.band)
  return JSON.stringify([direction, place.tier, slotPriority(place, slot), match.text, action])
}

function aclRow(
  subject: PodGroup,
  identity: string,
  decisions: readonly [Decision, ...Decision[]],
  context: RowContext,
): OvnRow {
  const [{ direction, action, match, slot, policy }] = decisions
  const place = context.placeOf(policy.band)
  const group = subjectName(subject)
  const owners = [...new Set(decisions.map(one => policyKey(one.policy)))]
  const spec: AclSpec = {
    key: `${group}/${hash('sha256', identity).slice(0, 16)}`,
    on: { table: 'Port_Group', key: group, column: 'acls' },
    direction: directions[direction],
    priority: slotPriority(place, slot),
    match,
    action: actions[action],
    // What a pod sends to a Service is judged by where it arrives.
    afterBalancers: direction === 'egress',
    persistent: decisions.some(({ passing = false }) => passing),
    tier: place.tier,
    name: nameOf(owners),
    log: logOf(decisions, context),
    externalIds: { [externalIds.policies]: owners.join(' ') },
  }
  return acl(spec)
}

/** For log lines, which have room for one name. */
const nameOf = ([first = '', ...others]: readonly string[]): string =>
  others.length === 0 ? first : `${first} +${others.length}`

function logOf(decisions: readonly Decision[], context: RowContext): AclLog | 'off' {
  for (const { policy, action } of decisions) {
    const severity = context.loggingOf(policy)[action]
    if (severity !== undefined) return { severity, meter: logMeter }
  }
  return 'off'
}
