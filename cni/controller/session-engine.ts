import { ovnNames, tunnelPort } from '@ovnkit/cni-api'
import { kubeDesires } from '@ovnkit/kube'
import { databaseReplica, Engine, facet, OvsdbObjects, OvsdbTarget, type Store } from '@ovnkit/reconcile'
import { samePlace } from './facts/pod.ts'
import type { Floating } from './floating/floating.ts'
import { floatingKinds } from './floating/kinds.ts'
import type { Allocator } from './ipam/allocator.ts'
import type { Joins } from './ipam/joins.ts'
import { clusterRows } from './ovn/cluster-rows.ts'
import { namespaceOf, ownershipOf } from './ovn/identity.ts'
import { northboundTables } from './ovn/northbound.ts'
import { northboundOwnership } from './ovn/ownership.ts'
import type { ForeignGroup } from './ovn/port-groups.ts'
import { southboundTables } from './ovn/southbound.ts'
import type { TunnelVerdict } from './ovn/tunnel.ts'
import type { Policies } from './policy/policies.ts'
import { chassisKind } from './render/chassis.ts'
import type { Reachable } from './render/interconnect.ts'
import { ownerKinds } from './render/kinds.ts'
import type { ServiceRanges } from './service/ranges.ts'
import { affinityChoice, hasTemplates } from './service/report.ts'
import type { SessionOptions } from './session.ts'
import type { SubnetPlanner } from './subnet/planner.ts'

/** What a session decides by, made before its engine. */
export interface SessionParts {
  readonly planner: SubnetPlanner
  readonly allocator: Allocator
  readonly joins: Joins
  readonly reachable: Store<Reachable>
  readonly portGroups: Store<ForeignGroup>
  /** Rules of others, by network. */
  readonly bypasses: Store<readonly string[]>
  readonly ranges: ServiceRanges
  readonly floating: Floating
  readonly tunnel: Store<TunnelVerdict>
  readonly policies: Policies
}

/** The engine of a session: all kinds of owners, over both databases and the Kubernetes API. */
export function engineOf(
  { config, identity, sources, nb, sb, chassis, logger }: SessionOptions,
  { planner, allocator, joins, reachable, portGroups, bypasses, ranges, floating, tunnel, policies }: SessionParts,
): Engine {
  const namespace = namespaceOf(identity)
  const names = ovnNames(config.ovn.clusterName)
  const { network } = config
  const nbObjects = clusterRows(new OvsdbObjects({ target: 'nb', namespace }), names)
  const makers = { nb: nbObjects, kube: kubeDesires(sources.target.name) }
  const engine: Engine = new Engine({
    owners: [
      ...ownerKinds(
        {
          ...sources,
          pods: facet(sources.pods, samePlace),
          networks: planner.networks,
          verdicts: planner.verdicts,
          assignments: allocator.assignments,
          usage: allocator.usage,
          joins: joins.store,
          reachable,
          tunnel,
          policy: policies.world,
          portGroups,
          bypasses,
          get outcomes() {
            return engine.statusStore
          },
          join: network.joinCIDR,
          serviceRanges: ranges.store,
          templates: hasTemplates(nb),
          affinity: affinityChoice(config, nb),
          dhcpMtu: network.mtu,
          names,
          cluster: config.ovn.mode === 'external' ? [] : network.clusterCIDR,
        },
        makers,
      ),
      ...floatingKinds(
        floating,
        {
          sources,
          joins: joins.store,
          get outcomes() {
            return engine.statusStore
          },
        },
        makers,
      ),
      chassisKind({
        chassis: chassis.store,
        nodes: sources.nodes,
        identity,
        sb: new OvsdbObjects({ target: 'sb', namespace }),
        tunnelPort: type => tunnelPort(config, type),
      }),
    ],
    targets: [
      // First what takes longest: a pod's annotation is on its way while the difference of its rows is taken.
      sources.target,
      new OvsdbTarget({
        name: 'nb',
        replica: databaseReplica(nb, northboundTables),
        ...northboundOwnership(config, identity, nb),
      }),
      new OvsdbTarget({ name: 'sb', replica: databaseReplica(sb, southboundTables), ownership: ownershipOf(identity) }),
    ],
    logger,
  })
  return engine
}
