import type { KubeDesires } from '@ovnkit/kube'
import type { OvsdbObjects, OwnerKind, OwnerStatus, ReadableStore } from '@ovnkit/reconcile'
import { balancerKinds } from '../balancer/kinds.ts'
import { egressKinds } from '../egress/kinds.ts'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import type { Sources } from '../sources.ts'
import type { Floating } from './floating.ts'

/** Owners of all that addresses on one node come to. */
export function floatingKinds(
  { holders, balancers, egress, members }: Floating,
  world: {
    readonly sources: Sources
    readonly joins: ReadableStore<JoinPlace>
    readonly outcomes: ReadableStore<OwnerStatus>
  },
  makers: { readonly nb: Pick<OvsdbObjects, 'row' | 'element'>; readonly kube: KubeDesires },
): OwnerKind[] {
  const { services, pools, egressIPs } = world.sources
  return [
    ...balancerKinds(
      {
        services,
        pools,
        holders: holders.store,
        grants: balancers.grants,
        poolVerdicts: balancers.verdicts,
        poolUsage: balancers.usage,
      },
      makers.kube,
    ),
    ...egressKinds(
      {
        egressIPs,
        holders: holders.store,
        joins: world.joins,
        get outcomes() {
          return world.outcomes
        },
        egressPolicies: egress.policies,
        egressVerdicts: egress.verdicts,
        egressMembers: members.store,
        egressUsage: members.usage,
      },
      makers,
    ),
  ]
}
