import type { ReadableStore } from '@ovnkit/reconcile'
import type { KubeObject, Resource } from '../resources.ts'

/** What a mirror's value tells of the object in the API: only what is written to that resource needs to be there. */
export interface Observed {
  readonly uid: string
  readonly annotations?: Readonly<Record<string, string>> | undefined
  readonly finalizers?: readonly string[] | undefined
  readonly status?: Readonly<Record<string, unknown>> | undefined
  /** The whole object (metadata with labels and annotations): where whole objects are desired. */
  readonly object?: KubeObject | undefined
}

export interface ObservedOptions<V> {
  readonly resource: Resource
  /** The mirror's store. Its keys are `namespace/name`, or `name`. */
  readonly store: ReadableStore<V>
  /** How to read a stored value. */
  readonly observe: (value: V) => Observed
  /**
   * `mirror.version`: tells whether the watch has shown a write of ours already, also when somebody changed the object again
   * right after it. Without it any event of the object counts as that.
   */
  readonly version?: (key: string) => string | undefined
  /** Annotation keys that are ours alone on this resource: where no owner wants any, they are removed. */
  readonly sweepAnnotations?: readonly string[]
  /** Our finalizer on this resource: where no owner wants it, also since before this process, it is removed. */
  readonly sweepFinalizer?: string
}

/** A resource that a KubeTarget writes to, and what is known of it. */
export interface ObservedResource {
  readonly resource: Resource
  readonly sweepAnnotations: readonly string[]
  readonly sweepFinalizer: string | undefined
  readonly synced: boolean
  lookup(key: string): Observed | undefined
  version(key: string): string | undefined
  keys(): Iterable<string>
  onSynced(listener: () => void): Disposable
  onChange(listener: (key: string, present: boolean) => void): Disposable
}

/** Ties a resource to the store that mirrors it. */
export function observed<V>(options: ObservedOptions<V>): ObservedResource {
  const { resource, store, observe, version, sweepAnnotations = [], sweepFinalizer } = options
  return {
    resource,
    sweepAnnotations,
    sweepFinalizer,
    get synced() {
      return store.synced
    },
    lookup: key => {
      const value = store.get(key)
      return value === undefined ? undefined : observe(value)
    },
    version: key => version?.(key),
    keys: () => store.keys(),
    onSynced: listener => store.onSynced(listener),
    onChange: listener => store.subscribe((key, value) => listener(key, value !== undefined)),
  }
}
