import type { Family } from '@ovnkit/inet'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import type { Network } from '../subnet/network.ts'

/** The only key of the store. */
export const ofPods = '-'

/** Families that pods can have addresses of, as one value: a family that no network has needs no rules. */
export function followFamilies(networks: ReadableStore<Network>): {
  readonly store: Store<readonly Family[]>
  readonly stop: Disposable
} {
  const store = new Store<readonly Family[]>({ name: 'families', equals: same })
  const look = () => {
    const found = [...networks.keys()].flatMap(key => networks.get(key)?.ranges ?? []).map(({ family }) => family)
    store.set(ofPods, [...new Set(found)].sort())
  }
  look()
  store.markSynced()
  return { store, stop: networks.subscribe(look) }
}
