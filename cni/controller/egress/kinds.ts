import { egressIPs, type SubnetCondition } from '@ovnkit/cni-api'
import { type IpAddress, ipFamily } from '@ovnkit/inet'
import type { KubeDesires, ObjectRef } from '@ovnkit/kube'
import type { Desired, OvsdbObjects, OwnerKind, OwnerStatus, ReadableStore, Rendered, View } from '@ovnkit/reconcile'
import type { EgressIPFacts } from '../facts/egress-ip.ts'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import type { EgressUsage, Member } from './members.ts'
import type { EgressPolicy, EgressVerdict } from './plan.ts'
import { addressClaim } from './planner.ts'
import { sourceRows, sourceSetKey } from './rows.ts'

/** What the renders of EgressIPs read. */
export interface EgressWorld {
  readonly egressIPs: ReadableStore<EgressIPFacts>
  readonly egressPolicies: ReadableStore<EgressPolicy>
  readonly egressVerdicts: ReadableStore<EgressVerdict>
  readonly egressMembers: ReadableStore<Member>
  readonly egressUsage: ReadableStore<EgressUsage>
  readonly holders: ReadableStore<string>
  readonly joins: ReadableStore<JoinPlace>
  readonly outcomes: ReadableStore<OwnerStatus>
}

interface EgressMakers {
  readonly nb: Pick<OvsdbObjects, 'row' | 'element'>
  readonly kube: KubeDesires
}

/** Kind of the owners of address sets that are filled by pods. */
export const egressKind = 'egress-ip'

/** Owners of what makes pods leave with fixed sources: the way, the pods on it, and what is said of it. */
export function egressKinds(world: EgressWorld, { nb, kube }: EgressMakers): OwnerKind[] {
  const objects = (list: readonly Desired[]): Rendered => ({ kind: 'objects', objects: list })
  return [
    {
      kind: egressKind,
      keys: world.egressPolicies,
      order: 3,
      render(key, view) {
        const policy = view.get(world.egressPolicies, key)
        const rows = policy?.addresses.flatMap(one => sourceRows(one, nextHop(world, one, view), policy.excluded)) ?? []
        return objects(rows.map(row => nb.row(row)))
      },
    },
    {
      kind: 'egress-member',
      keys: world.egressMembers,
      order: 4,
      render: (key, view) =>
        objects(
          (view.get(world.egressMembers, key)?.sources ?? []).map(({ pod, source }) =>
            nb.element({
              row: { table: 'Address_Set', key: sourceSetKey(source) },
              column: 'addresses',
              value: pod,
            }),
          ),
        ),
    },
    {
      kind: 'egress-status',
      keys: world.egressIPs,
      order: 5,
      render: (key, view) => objects(renderStatus(world, kube, key, view)),
    },
  ]
}

/** Management address of the node that holds a source. */
function nextHop({ holders, joins }: EgressWorld, address: IpAddress, view: View): IpAddress | undefined {
  const node = view.get(holders, addressClaim(address))
  const place = node === undefined ? undefined : view.get(joins, node)
  return place?.addresses.find(hop => ipFamily(hop) === ipFamily(address))
}

function renderStatus(world: EgressWorld, kube: KubeDesires, key: string, view: View): Desired[] {
  const facts = view.get(world.egressIPs, key)
  if (facts === undefined) return []
  const ref: ObjectRef = { resource: egressIPs, name: facts.name, uid: facts.uid }
  const policy = view.get(world.egressPolicies, key)
  const items = (policy?.addresses ?? []).flatMap(address => {
    const node = view.get(world.holders, addressClaim(address))
    return node === undefined ? [] : [{ address, node }]
  })
  const homeless = (policy?.addresses ?? []).filter(address => !items.some(item => item.address === address))
  const conditions = [
    ready(facts, view.get(world.egressVerdicts, key), homeless, view.get(world.outcomes, `${egressKind}/${key}`)),
    ...conflicts(facts, view.get(world.egressUsage, key)),
  ]
  return [kube.status(ref, { items, conditions })]
}

type Condition = Omit<SubnetCondition, 'lastTransitionTime'>

function ready(
  { generation }: EgressIPFacts,
  verdict: EgressVerdict | undefined,
  homeless: readonly IpAddress[],
  rows: OwnerStatus | undefined,
): Condition {
  const not = (reason: string, message: string): Condition => ({
    type: 'Ready',
    status: 'False',
    reason,
    message,
    observedGeneration: generation,
  })
  if (verdict === undefined) return not('Waiting', 'not looked at yet')
  if (verdict.kind === 'refused') return not(verdict.problem.reason, verdict.problem.message)
  if (homeless.length > 0) {
    const message = `no node may hold ${homeless.join(', ')}: none with an agent has the labels of spec.nodeSelector; pods leave by their own nodes`
    return not('NoNode', message)
  }
  if (rows !== undefined && rows.state !== 'done') return not(rows.reason || 'Configuring', rows.message)
  return { type: 'Ready', status: 'True', reason: 'Ready', message: '', observedGeneration: generation }
}

function conflicts({ generation }: EgressIPFacts, usage: EgressUsage | undefined): Condition[] {
  if (usage === undefined || usage.lost === 0) return []
  const message = `${usage.lost} of the pods that it selects are selected by older EgressIPs too, and use those`
  return [{ type: 'Conflict', status: 'True', reason: 'PodsOfOthers', message, observedGeneration: generation }]
}
