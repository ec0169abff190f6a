import type { Store } from '@ovnkit/reconcile'
import { type KubeObject, keyOf } from '../resources.ts'
import { createIntern, type Intern } from './intern.ts'

/** Turns an object of the API into what is kept of it; undefined: this object is not kept. */
export type Trim<T, V> = (object: T, intern: Intern) => V | undefined

export interface CopyOptions<T extends KubeObject, V> {
  readonly store: Store<V>
  readonly trim: Trim<T, V>
  readonly key?: (object: T) => string
  /** An object that `trim` threw on: it is left out, the others go on. */
  readonly onBadObject: (key: string, error: unknown) => void
}

/**
 * Puts decoded objects into the store. It remembers each object's resource version, so that a relist leaves values alone that
 * did not change: same identity, nobody is told.
 */
export class Copy<T extends KubeObject, V> {
  readonly #options: CopyOptions<T, V>
  readonly #intern = createIntern()
  #versions = new Map<string, string>()

  constructor(options: CopyOptions<T, V>) {
    this.#options = options
  }

  version(key: string): string | undefined {
    return this.#versions.get(key)
  }

  /** A change from the watch. */
  put(object: T): void {
    const key = this.#keyOf(object)
    const value = this.#trim(key, object)
    if (value === undefined) {
      this.#forget(key)
      return
    }
    this.#versions.set(key, object.metadata?.resourceVersion ?? '')
    this.#options.store.set(key, value)
  }

  remove(object: T): void {
    this.#forget(this.#keyOf(object))
  }

  /** Collects a whole list, then `commit` makes the store equal to it: differences only. */
  begin(): { add(object: T): void; commit(): void } {
    const values = new Map<string, V>()
    const versions = new Map<string, string>()
    return {
      add: object => {
        const key = this.#keyOf(object)
        const version = object.metadata?.resourceVersion ?? ''
        const value = this.#unchanged(key, version) ?? this.#trim(key, object)
        if (value === undefined) return
        values.set(key, value)
        versions.set(key, version)
      },
      commit: () => {
        this.#versions = versions
        this.#options.store.replace(values)
      },
    }
  }

  #unchanged(key: string, version: string): V | undefined {
    return version !== '' && this.#versions.get(key) === version ? this.#options.store.get(key) : undefined
  }

  #trim(key: string, object: T): V | undefined {
    try {
      return this.#options.trim(object, this.#intern)
    } catch (error) {
      this.#options.onBadObject(key, error)
      return undefined
    }
  }

  #forget(key: string): void {
    this.#versions.delete(key)
    this.#options.store.delete(key)
  }

  #keyOf(object: T): string {
    return this.#options.key?.(object) ?? defaultKey(object)
  }
}

function defaultKey({ metadata }: KubeObject): string {
  const name = metadata?.name ?? ''
  return metadata?.namespace === undefined ? name : keyOf({ namespace: metadata.namespace, name })
}
