import { externalIds } from '@ovnkit/cni-api'
import type { NbRow } from '@ovnkit/ovn'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import type { ForeignPort } from '../ipam/foreign-port.ts'
import type { Network } from '../subnet/network.ts'
import { addressesOf } from './foreign-switch.ts'
import { type Identity, isOurs } from './identity.ts'
import { networkOfOwner } from './known.ts'
import type { Northbound } from './northbound.ts'

/**
 * The ports on our networks' switches that are not ours, kept by what changed: a batch that adds a thousand ports of ours costs a thousand look-ups, whatever
 * the switch holds already.
 */
export class ForeignPorts implements Disposable {
  readonly store: Store<ForeignPort> = new Store<ForeignPort>({ name: 'foreign ports', equals: same })
  readonly #nb: Northbound
  readonly #networks: ReadableStore<Network>
  readonly #identity: Identity
  readonly #resources = new DisposableStack()

  constructor(nb: Northbound, networks: ReadableStore<Network>, identity: Identity) {
    this.#nb = nb
    this.#networks = networks
    this.#identity = identity
  }

  start(): void {
    for (const row of this.#nb.table('Logical_Switch').rows()) this.#scan(row)
    this.#resources.use(
      this.#nb.onBatch(batch => this.#follow(batch.table('Logical_Switch'), batch.table('Logical_Switch_Port'))),
    )
    // A foreign switch becomes a network's when its Subnet does.
    this.#resources.use(
      this.#networks.subscribe((_, network) => {
        const row =
          network?.externalSwitch === undefined
            ? undefined
            : this.#nb.table('Logical_Switch').by('byName', network.externalSwitch)
        if (row !== undefined) this.#scan(row)
      }),
    )
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  #follow(switches: Changes<'Logical_Switch'>, ports: Changes<'Logical_Switch_Port'>): void {
    for (const row of switches?.inserted ?? []) this.#scan(row)
    for (const { row, deltas } of switches?.updated ?? []) {
      const network = this.#networkOf(row)
      const delta = deltas.get('ports')
      if (delta === undefined || network === undefined) continue
      for (const uuid of delta.added) this.#look(String(uuid), network)
      for (const uuid of delta.removed) this.store.delete(String(uuid))
    }
    for (const { row } of ports?.updated ?? []) {
      const known = this.store.get(row._uuid)
      if (known !== undefined) this.#look(row._uuid, known.network)
    }
    for (const row of ports?.deleted ?? []) this.store.delete(row._uuid)
  }

  #scan(row: NbRow<'Logical_Switch'>): void {
    const network = this.#networkOf(row)
    if (network !== undefined) for (const uuid of row.ports) this.#look(uuid, network)
  }

  #look(uuid: string, network: string): void {
    const port = this.#nb.table('Logical_Switch_Port').get(uuid)
    if (port === undefined || isOurs(this.#identity, port.external_ids)) this.store.delete(uuid)
    else this.store.set(uuid, { name: port.name, network, addresses: addressesOf(this.#nb, port) })
  }

  #networkOf(row: NbRow<'Logical_Switch'>): string | undefined {
    const ids = row.external_ids
    const own = isOurs(this.#identity, ids) ? networkOfOwner(ids.get(externalIds.owner)) : undefined
    if (own !== undefined) return own
    for (const key of this.#networks.keys()) if (this.#networks.get(key)?.externalSwitch === row.name) return key
    return undefined
  }
}

type Changes<Table extends 'Logical_Switch' | 'Logical_Switch_Port'> =
  | {
      readonly inserted: readonly NbRow<Table>[]
      readonly deleted: readonly NbRow<Table>[]
      readonly updated: readonly {
        readonly row: NbRow<Table>
        readonly deltas: ReadonlyMap<
          string,
          { readonly added: readonly unknown[]; readonly removed: readonly unknown[] }
        >
      }[]
    }
  | undefined
