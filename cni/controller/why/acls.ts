import { externalIds } from '@ovnkit/cni-api'
import {
  type BandRuling,
  type Direction,
  type Policy,
  placeOf,
  policyKey,
  type RowContext,
  ruleRows,
  slotPriority,
} from '@ovnkit/cni-policy'
import type { Family } from '@ovnkit/inet'
import type { NbRow } from '@ovnkit/ovn'
import { furtherPeers } from '../policy/admin/further-peers.ts'

/** An ACL that carries out a decision. */
export interface Acl {
  readonly uuid: string
  readonly tier: number | undefined
  readonly priority: number
  readonly direction: string
  readonly match: string
  readonly action: string
}

export type AclRow = Pick<
  NbRow<'ACL'>,
  '_uuid' | 'tier' | 'priority' | 'direction' | 'match' | 'action' | 'external_ids'
>

interface Decision {
  readonly direction: Direction
  readonly policy: Policy
  /** What of it decided, alone, with the rank that the rule has. */
  readonly alone: Policy
}

/** The ACLs by which a band decided: what its policies render, found among what there is. */
export function aclsOf(
  ruling: BandRuling,
  direction: Direction,
  rows: Iterable<AclRow>,
  context: {
    readonly tiers: boolean
    readonly family: Family
    numberOf(protocol: string, name: string): number | undefined
  },
): Acl[] {
  const all = [...rows]
  return decisionsOf(ruling, direction).flatMap(decision => {
    const own = all.filter(row => isOf(row, decision, context.tiers))
    const wanted = new Set(matchesOf(decision, context))
    const exact = own.filter(({ match }) => wanted.has(match))
    return (exact.length > 0 ? exact : own).map(row => aclOf(row, context.tiers))
  })
}

function decisionsOf({ by, isolatedBy, effect }: BandRuling, direction: Direction): Decision[] {
  if (by.length > 0)
    return by.map(({ policy, rule, number }) => ({
      direction,
      policy,
      alone: {
        ...policy,
        isolates: [],
        rules: [rule],
        rank: policy.rank + (policy.band === 'network' ? 0 : number - 1),
      },
    }))
  if (effect !== 'deny') return []
  return isolatedBy.map(policy => ({ direction, policy, alone: { ...policy, isolates: [direction], rules: [] } }))
}

const directions = { ingress: 'to-lport', egress: 'from-lport' } as const

function isOf(row: AclRow, { direction, policy, alone }: Decision, tiers: boolean): boolean {
  const slot = policy.band === 'network' ? (alone.rules.length > 0 ? 0 : 1) : alone.rank
  return (
    row.direction === directions[direction] &&
    row.priority === slotPriority(placeOf(policy.band, tiers), slot) &&
    (row.external_ids.get(externalIds.policies) ?? '').split(' ').includes(policyKey(policy))
  )
}

function matchesOf({ alone }: Decision, { tiers, family, numberOf }: Parameters<typeof aclsOf>[3]): string[] {
  const context: RowContext = {
    families: [family],
    join: [],
    numbersOf: (_, { protocol, name }) => [numberOf(protocol, name) ?? []].flat(),
    coverOf: () => undefined,
    furtherPeers,
    placeOf: band => placeOf(band, tiers),
    loggingOf: () => ({}),
  }
  return ruleRows(alone.subject, [alone], context).flatMap(({ table, columns }) =>
    table === 'ACL' ? [String(columns.match)] : [],
  )
}

const aclOf = ({ _uuid, tier, priority, direction, match, action }: AclRow, tiers: boolean): Acl => ({
  uuid: _uuid,
  tier: tiers ? tier : undefined,
  priority,
  direction,
  match,
  action,
})
