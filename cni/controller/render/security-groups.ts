import { annotationNames } from '@ovnkit/cni-api'
import type { ElementSpec, ReadableStore, View } from '@ovnkit/reconcile'
import type { PodPlace } from '../facts/pod.ts'
import type { SubnetFacts } from '../facts/subnet.ts'
import type { ForeignGroup } from '../ovn/port-groups.ts'

export interface GroupWorld {
  readonly subnets: ReadableStore<SubnetFacts>
  /** Annotation `zstack.io/security-groups` of the namespaces that have one. */
  readonly namespaceGroups: ReadableStore<string>
  readonly portGroups: ReadableStore<ForeignGroup>
}

/** The security groups of a pod: what its Subnet, its namespace and itself name, united. */
export function securityGroups(world: GroupWorld, pod: PodPlace, subnet: string, view: View): readonly string[] {
  const texts = [
    view.get(world.subnets, subnet)?.securityGroups,
    view.get(world.namespaceGroups, pod.namespace),
    pod.annotations[annotationNames.pod.securityGroups],
  ]
  const names = texts.flatMap(text => (text ?? '').split(',').map(part => part.trim()))
  return [...new Set(names.filter(name => name !== ''))].sort()
}

/** The first group that does not exist. A pod does not start without the rules that were meant for it. */
export function missingGroup(world: GroupWorld, groups: readonly string[], view: View): string | undefined {
  return groups.find(name => !view.has(world.portGroups, name))
}

/** A port as a member of groups of others: one element in each, which goes with the port. */
export const memberships = (groups: readonly string[], port: string): ElementSpec[] =>
  groups.map(value => ({ row: { table: 'Port_Group', index: 'byName', value }, column: 'ports', value: port }))
