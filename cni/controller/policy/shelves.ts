import { MultiMap, type ReadableStore, Store, sameList } from '@ovnkit/reconcile'

/** Pods on a shelf: a policy that means a whole namespace concerns few of them, and a pod that comes or goes few neighbours. */
const room = 16

/**
 * The keys of a store, `namespace/name`, a few of each namespace together, so that what concerns a namespace is one piece of work for all of them. A key has its place until it goes;
 * which one says nothing.
 */
export class Shelves implements Disposable {
  /** Keys by shelf. */
  readonly store: Store<readonly string[]> = new Store<readonly string[]>({ name: 'shelves of pods', equals: sameList })
  readonly #places = new Map<string, string>()
  /** Shelves with room, by namespace. */
  readonly #free = new MultiMap<string, string>()
  readonly #subscription: Disposable
  #made = 0

  constructor(keys: ReadableStore<unknown>) {
    for (const key of keys.keys()) this.#add(key)
    this.#subscription = keys.subscribe((key, value, old) => {
      if (value === undefined) this.#remove(key)
      else if (old === undefined) this.#add(key)
    })
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]()
  }

  #add(key: string): void {
    const shelf = this.#shelfWithRoom(namespaceIn(key))
    const keys = [...(this.store.get(shelf) ?? []), key]
    this.#places.set(key, shelf)
    if (keys.length === room) this.#free.delete(namespaceIn(key), shelf)
    this.store.set(shelf, keys)
  }

  #remove(key: string): void {
    const shelf = this.#places.get(key)
    if (shelf === undefined) return
    this.#places.delete(key)
    const namespace = namespaceIn(key)
    const left = (this.store.get(shelf) ?? []).filter(one => one !== key)
    if (left.length > 0) {
      this.#free.add(namespace, shelf)
      this.store.set(shelf, left)
      return
    }
    this.#free.delete(namespace, shelf)
    this.store.delete(shelf)
  }

  #shelfWithRoom(namespace: string): string {
    const known = this.#free.first(namespace)
    if (known !== undefined) return known
    this.#made += 1
    const shelf = `${namespace}/${this.#made}`
    this.#free.add(namespace, shelf)
    return shelf
  }
}

const namespaceIn = (key: string): string => key.slice(0, key.indexOf('/'))
