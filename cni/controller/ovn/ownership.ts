import { type Config, externalIds, ovnNames } from '@ovnkit/cni-api'
import { type Held, OvsdbObjects, type OvsdbTargetOptions } from '@ovnkit/reconcile'
import { balancerGroups } from '../service/layout.ts'
import { type Identity, isOurs, namespaceOf, ownershipOf } from './identity.ts'
import type { Northbound } from './northbound.ts'

export type NorthboundOwnership = Pick<
  OvsdbTargetOptions,
  'ownership' | 'contributed' | 'unmarked' | 'placed' | 'recalled'
>

/** How the engine knows again what an earlier life of ours has put into the Northbound database. */
export function northboundOwnership(
  { ovn }: Pick<Config, 'ovn'>,
  identity: Identity,
  nb: Northbound,
): NorthboundOwnership {
  const objects = new OvsdbObjects({ target: 'nb', namespace: namespaceOf(identity) })
  const groups = Object.values(balancerGroups)
  return {
    // Nobody copies external_ids into the Northbound database: a restored backup has our rows under other UUIDs.
    ownership: { ...ownershipOf(identity), byMarkAlone: true },
    contributed: [
      { table: 'Address_Set', column: 'addresses' },
      { table: 'Port_Group', column: 'ports' },
      { table: 'Chassis_Template_Var', column: 'variables' },
      { table: 'Logical_Switch', column: 'load_balancer_group' },
    ],
    unmarked: [
      {
        table: 'Load_Balancer_Group',
        uuids: groups.map(group => objects.ref('Load_Balancer_Group', group)),
        names: groups.map(group => ovnNames(ovn.clusterName).of(group)),
        ...(ovn.mode === 'external' && { members: 'load_balancer' }),
      },
    ],
    placed: [{ table: 'Logical_Switch', column: 'load_balancer_group' }],
    recalled: [...membersOfOthers(nb, identity, objects)],
  }
}

/** Ports of ours in groups of others: whoever has such a group may put our ports into it as well, so only what we noted is ours to take out. */
function* membersOfOthers(nb: Northbound, identity: Identity, objects: OvsdbObjects): Generator<Held> {
  for (const { _uuid: value, external_ids: ids } of nb.table('Logical_Switch_Port').rows()) {
    const groups = ids.get(externalIds.securityGroups)
    if (groups === undefined || !isOurs(identity, ids)) continue
    for (const group of groups.split(',')) {
      const row = { table: 'Port_Group', index: 'byName', value: group }
      yield { owner: ids.get(externalIds.owner), object: objects.element({ row, column: 'ports', value }) }
    }
  }
}
