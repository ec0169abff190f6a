import { externalIds, managedBy } from '@ovnkit/cni-api'
import { Store, same } from '@ovnkit/reconcile'
import type { Northbound } from './northbound.ts'

/** A port group of somebody else's: what ZStack makes of a security group. */
export interface ForeignGroup {
  readonly acls: readonly string[]
}

/** Keeps a store of all port groups that are not ours, by name. */
export function followPortGroups(nb: Northbound): { readonly store: Store<ForeignGroup>; readonly stop: Disposable } {
  const store = new Store<ForeignGroup>({ name: 'port groups', equals: same })
  const groups = function* (): Generator<[string, ForeignGroup]> {
    for (const row of nb.table('Port_Group').rows()) {
      if (row.external_ids.get(externalIds.managedBy) !== managedBy) yield [row.name, { acls: [...row.acls] }]
    }
  }
  store.replace(groups())
  const stop = nb.onBatch(batch => {
    const changes = batch.table('Port_Group')
    const matters =
      changes !== undefined &&
      (changes.inserted.length > 0 ||
        changes.deleted.length > 0 ||
        changes.updated.some(({ deltas, columns }) => deltas.has('acls') || columns.has('name')))
    if (matters || batch.resync) store.replace(groups())
  })
  return { store, stop }
}
