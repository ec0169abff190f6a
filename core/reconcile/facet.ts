import type { ReadableStore, StoreListener } from './store.ts'

/**
 * The same store for those who read only a part of its values: they are not told of changes in the rest, and the type of the part keeps them from reading
 * more. For what owners write themselves and the source tells back: the echo renders nobody again. Costs nothing per value. Has no indexes.
 *
 * @param same whether two values agree in the part
 */
export function facet<Part>(
  store: ReadableStore<Part, never>,
  same: (a: Part, b: Part) => boolean,
): ReadableStore<Part, never> {
  return {
    get name() {
      return store.name
    },
    get synced() {
      return store.synced
    },
    get size() {
      return store.size
    },
    get: key => store.get(key),
    has: key => store.has(key),
    keys: () => store.keys(),
    by: () => [],
    buckets: () => [],
    onSynced: listener => store.onSynced(listener),
    subscribe: (listener: StoreListener<Part>) =>
      store.subscribe((key, value, old) => {
        if (value === undefined || old === undefined || !same(old, value)) listener(key, value, old)
      }),
  }
}
