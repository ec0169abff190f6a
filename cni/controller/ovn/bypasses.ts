import type { NbRow } from '@ovnkit/ovn'
import { portAddresses } from '@ovnkit/ovn'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import { holdsAll } from '../ipam/network-book.ts'
import { oncePerTurn } from '../once-per-turn.ts'
import { aclPriority, policyTier } from '../render/layout.ts'
import type { Network } from '../subnet/network.ts'
import { type Identity, isOurs } from './identity.ts'
import type { Northbound } from './northbound.ts'

/** How many rules a list names. */
const named = 5

/**
 * Rules of others that let through what policies of this cluster would judge later: OVN takes the first tier and the highest priority that decides, whoever's it is.
 * They stand on a switch of ZStack's, or on groups that pods of ours are in. Kept by network; a network without any has no entry.
 */
export class Bypasses implements Disposable {
  readonly store: Store<readonly string[]> = new Store<readonly string[]>({ name: 'bypasses', equals: same })
  readonly #nb: Northbound
  readonly #networks: ReadableStore<Network>
  readonly #identity: Identity
  readonly #resources = new DisposableStack()
  /** Networks of members of ours in groups of others, by group and port. */
  readonly #members = new Map<string, Map<string, string>>()

  constructor(nb: Northbound, networks: ReadableStore<Network>, identity: Identity) {
    this.#nb = nb
    this.#networks = networks
    this.#identity = identity
  }

  start(): void {
    const look = oncePerTurn(() => this.#resources.disposed || this.store.replace(this.#all()))
    for (const group of this.#nb.table('Port_Group').rows()) this.#join(group, group.ports)
    this.#resources.use(
      this.#nb.onBatch(batch => {
        const [groups, switches] = [batch.table('Port_Group'), batch.table('Logical_Switch')]
        let matters = batch.table('ACL') !== undefined || batch.resync
        for (const group of groups?.inserted ?? []) matters = this.#join(group, group.ports) || matters
        for (const { _uuid } of groups?.deleted ?? []) matters = this.#members.delete(_uuid) || matters
        for (const { row, deltas } of groups?.updated ?? []) {
          const ports = deltas.get('ports')
          matters = this.#leave(row._uuid, ports?.removed ?? []) || matters
          matters = this.#join(row, ports?.added ?? []) || deltas.has('acls') || matters
        }
        if (matters || switches?.updated.some(({ deltas }) => deltas.has('acls'))) look()
      }),
    )
    this.#resources.use(this.#networks.subscribe(look))
    this.store.replace(this.#all())
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  /** Whether a network got its first member in the group. */
  #join(group: Pick<NbRow<'Port_Group'>, '_uuid' | 'external_ids'>, ports: Iterable<unknown>): boolean {
    if (isOurs(this.#identity, group.external_ids)) return false
    const members = this.#members.get(group._uuid) ?? new Map<string, string>()
    const before = new Set(members.values()).size
    for (const uuid of ports) {
      const network = this.#networkOf(String(uuid))
      if (network !== undefined) members.set(String(uuid), network)
    }
    this.#members.set(group._uuid, members)
    return new Set(members.values()).size > before
  }

  /** Whether a network has no member in the group any more. */
  #leave(group: string, ports: Iterable<unknown>): boolean {
    const members = this.#members.get(group)
    const before = new Set(members?.values()).size
    for (const uuid of ports) members?.delete(String(uuid))
    return new Set(members?.values()).size < before
  }

  #networkOf(port: string): string | undefined {
    const row = this.#nb.table('Logical_Switch_Port').get(port)
    if (row === undefined || !isOurs(this.#identity, row.external_ids)) return undefined
    const addresses = portAddresses(row)
    for (const key of this.#networks.keys()) {
      const network = this.#networks.get(key)
      if (network?.externalSwitch !== undefined && holdsAll(network, addresses)) return key
    }
    return undefined
  }

  *#all(): Generator<[string, readonly string[]]> {
    for (const key of this.#networks.keys()) {
      const name = this.#networks.get(key)?.externalSwitch
      const row = name === undefined ? undefined : this.#nb.table('Logical_Switch').by('byName', name)
      if (row === undefined) continue
      const groups = [...this.#members].flatMap(([uuid, members]) =>
        [...members.values()].includes(key) ? (this.#nb.table('Port_Group').get(uuid) ?? []) : [],
      )
      const rules = [
        ...this.#rules(`switch ${row.name}`, row.acls),
        ...groups.flatMap(group => this.#rules(`group ${group.name}`, group.acls)),
      ].sort()
      if (rules.length > 0) yield [key, shortened(rules)]
    }
  }

  #rules(where: string, acls: Iterable<string>): string[] {
    return [...acls].flatMap(uuid => {
      const row = this.#nb.table('ACL').get(uuid)
      if (row === undefined || isOurs(this.#identity, row.external_ids) || !this.#bypasses(row)) return []
      return [`${where}: ${row.direction} ${row.priority} "${row.match}" ${row.action}`]
    })
  }

  /** Lets through, and is asked before policies of ours. Servers without tiers have one. */
  #bypasses({ action, priority, tier }: Pick<NbRow<'ACL'>, 'action' | 'priority' | 'tier'>): boolean {
    if (!action.startsWith('allow')) return false
    const own = this.#nb.table('ACL').has('tier') ? tier : policyTier
    return own < policyTier || (own === policyTier && priority >= aclPriority.policy)
  }
}

function shortened(rules: readonly string[]): string[] {
  return rules.length > named ? [...rules.slice(0, named), `and ${rules.length - named} more`] : [...rules]
}
