import { type AddressConflict, annotationNames, parseAddressConflicts } from '@ovnkit/cni-api'
import { Store } from '@ovnkit/reconcile'
import type { NodeFacts } from '../facts/node.ts'

/** How long an address is left alone that somebody else was found to have. Long enough to be seen and mended, short enough for who has moved on. */
const forgottenAfterMs = 600_000

export type ConflictStore = Store<AddressConflict>

export const createConflictStore = (): ConflictStore => new Store<AddressConflict>({ name: 'address conflicts' })

/**
 * Addresses that somebody on a provider network was found to have, each for a while. They are kept in the annotation of the node, where the controller reads them, and
 * are read back from there at start.
 */
export class Conflicts implements Disposable {
  readonly #store: ConflictStore
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #resources = new DisposableStack()

  constructor(store: ConflictStore, { nodes, node }: { readonly nodes: Store<NodeFacts>; readonly node: string }) {
    this.#store = store
    this.#resources.use(
      nodes.onSynced(() => {
        const text = nodes.get(node)?.annotations[annotationNames.node.addressConflicts]
        for (const conflict of parseAddressConflicts(text)) this.#keep(conflict)
        store.markSynced()
      }),
    )
  }

  add(conflict: Omit<AddressConflict, 'until'>): void {
    this.#keep({ ...conflict, until: Date.now() + forgottenAfterMs })
  }

  /** Whether this pod was to have one of these addresses, and somebody else has it. */
  concern(uid: string, addresses: readonly { readonly ip: string }[]): boolean {
    return addresses.some(({ ip }) => this.#store.get(ip)?.uid === uid)
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#resources.dispose()
  }

  #keep(conflict: AddressConflict): void {
    const { address, until } = conflict
    clearTimeout(this.#timers.get(address))
    this.#store.set(address, conflict)
    const forget = () => {
      this.#timers.delete(address)
      this.#store.delete(address)
    }
    this.#timers.set(address, setTimeout(forget, until - Date.now()).unref())
  }
}
