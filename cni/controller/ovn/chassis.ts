import { externalIds } from '@ovnkit/cni-api'
import type { SbRow } from '@ovnkit/ovn'
import { Store, same } from '@ovnkit/reconcile'
import type { Southbound } from './southbound.ts'

/** A chassis as the Southbound database has it. */
export interface ChassisFacts {
  readonly uuid: string
  readonly encaps: readonly string[]
  /** Of each of `encaps`: `geneve`, `vxlan`, ... */
  readonly types: readonly string[]
  /** The node in our mark; undefined on a chassis that is none of ours. */
  readonly node: string | undefined
  /** The cluster in our mark, where OVN is shared. */
  readonly cluster: string | undefined
  /** Its Open vSwitch forwards in user space (datapath_type netdev). */
  readonly userspace: boolean
}

/** Key in `Chassis:external_ids` that says which node of ours the chassis is. */
export const chassisNode = 'zstack.io/node'

/** Keeps a store of all chassis by name. */
export class ChassisWatch implements Disposable {
  readonly store: Store<ChassisFacts> = new Store<ChassisFacts>({ name: 'chassis', equals: same })
  readonly #subscription: Disposable

  constructor(sb: Southbound) {
    this.#subscription = sb.onBatch(batch => {
      const changes = batch.table('Chassis')
      if (!this.store.synced) this.store.replace(allChassis(sb))
      for (const row of changes?.deleted ?? [])
        if (this.store.get(row.name)?.uuid === row._uuid) this.store.delete(row.name)
      for (const row of changes?.inserted ?? []) this.store.set(row.name, factsOf(sb, row))
      for (const { row } of changes?.updated ?? []) this.store.set(row.name, factsOf(sb, row))
    })
    void sb.ready().then(() => this.store.replace(allChassis(sb)))
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]()
  }
}

/** All chassis of the Southbound database, by name. */
export function allChassis(sb: Southbound): (readonly [string, ChassisFacts])[] {
  return [...sb.table('Chassis').rows()].map(row => [row.name, factsOf(sb, row)] as const)
}

function factsOf(sb: Southbound, row: SbRow<'Chassis'>): ChassisFacts {
  const encaps = [...row.encaps]
  return {
    uuid: row._uuid,
    encaps,
    types: encaps.map(uuid => sb.table('Encap').get(uuid)?.type ?? ''),
    node: row.external_ids.get(chassisNode),
    cluster: row.external_ids.get(externalIds.cluster),
    userspace: row.other_config.get('datapath-type') === 'netdev',
  }
}
