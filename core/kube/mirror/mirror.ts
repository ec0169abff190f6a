import type { Logger } from '@ovnkit/process'
import type { ReadableStore, Store } from '@ovnkit/reconcile'
import { Backoff, type BackoffOptions } from '../client/backoff.ts'
import { ApiError, isApiError } from '../client/errors.ts'
import { sleep } from '../client/sleep.ts'
import type { KubeObject } from '../resources.ts'
import { Copy, type Trim } from './copy.ts'
import { listPages, type Scope } from './list.ts'
import { type WatchTimings, watchOnce } from './watch.ts'

export interface MirrorOptions<T extends KubeObject, V> extends Scope<T> {
  readonly store: Store<V>
  /**
   * What is kept of each object. Copy fields out, so that the rest is garbage at once; `intern` repeated texts. metadata.managedFields is
   * not decoded and empty.
   */
  readonly trim: Trim<T, V>
  /** Key in the store. Default `namespace/name`, or `name`. */
  readonly key?: (object: T) => string
  /** A server that does not serve the resource (404) has none of it: the store is empty, and the server is asked again after some minutes. */
  readonly optional?: boolean
  /** With `optional`: holds something while the resource is defined, and so tells when to ask again at once. */
  readonly definition?: ReadableStore<unknown>
  /** Ends the mirror; the store keeps what it holds. */
  readonly signal: AbortSignal
  readonly logger?: Logger
  /** Objects a page. Default 500. */
  readonly pageSize?: number
  readonly timings?: WatchTimings
  readonly backoff?: BackoffOptions
}

/** Plain counters, for metrics and tests. */
export interface MirrorStats {
  lists: number
  watches: number
  events: number
  bookmarks: number
  failures: number
}

/** A store that follows the API server. */
export interface Mirror {
  /** The first list is in the store. */
  readonly synced: boolean
  /** Synced, and a watch is open (or was just ended by the server and is being resumed). */
  readonly healthy: boolean
  /** Why it is not healthy, for readyz and logs; undefined when it is. */
  readonly problem: string | undefined
  readonly stats: Readonly<MirrorStats>
  /** The resource version of the object under that key as last seen, also when its value did not change by it. */
  version(key: string): string | undefined
  /** Resolves when the first list is in the store; rejects when the signal aborts before. */
  ready(): Promise<void>
  /** Resolves after the signal aborted and the connection is closed. */
  readonly ended: Promise<void>
}

/**
 * Keeps `store` equal to a collection of the API: list in pages, then watch with bookmarks, resumed where it ended. A version that
 * is too old (410) leads to a new list, of which only the differences reach the store. Failures are retried for ever
 * with jittered backoff; the store then holds the last known state.
 */
export function mirror<T extends KubeObject, V>(options: MirrorOptions<T, V>): Mirror {
  return new RunningMirror(options)
}

/** A server learns to serve a resource by an upgrade, or by somebody who defines it. */
const UNSERVED_RETRY_MS = 300_000

/** A watch that ended sooner than this without any event counts as a failure: otherwise a broken proxy makes us spin. */
const SHORTEST_WATCH_MS = 1_000

class RunningMirror<T extends KubeObject, V> implements Mirror {
  readonly stats: MirrorStats = { lists: 0, watches: 0, events: 0, bookmarks: 0, failures: 0 }
  readonly ended: Promise<void>
  readonly #options: MirrorOptions<T, V>
  readonly #copy: Copy<T, V>
  readonly #backoff: Backoff
  readonly #name: string
  /** Where to resume; undefined: list first. */
  #version: string | undefined
  #problem: string | undefined
  /** Lists in a row whose snapshot was compacted before the last page: then it is asked for in one piece. */
  #expiredLists = 0

  constructor(options: MirrorOptions<T, V>) {
    this.#options = options
    this.#name = options.resource.plural
    this.#problem = `${this.#name}: not listed yet`
    this.#backoff = new Backoff(options.backoff)
    const onBadObject = (key: string, error: unknown) =>
      options.logger?.error({ err: error, resource: this.#name, key }, 'object cannot be read and is left out')
    this.#copy = new Copy({ ...options, onBadObject })
    this.ended = this.#run()
  }

  get synced(): boolean {
    return this.#options.store.synced
  }

  get healthy(): boolean {
    return this.#problem === undefined
  }

  get problem(): string | undefined {
    return this.#problem
  }

  version(key: string): string | undefined {
    return this.#copy.version(key)
  }

  ready(): Promise<void> {
    const { store, signal } = this.#options
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      store.onSynced(resolve)
    })
  }

  async #run(): Promise<void> {
    const { signal } = this.#options
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) await this.#list()
        await this.#watch()
      } catch (error) {
        if (!signal.aborted) await this.#failed(error)
      }
    }
    this.#problem = `${this.#name}: stopped`
  }

  async #list(): Promise<void> {
    this.stats.lists++
    const collected = this.#copy.begin()
    const pageSize = this.#expiredLists > 1 ? 0 : (this.#options.pageSize ?? 500)
    const { signal } = this.#options
    const onItem = (object: T) => collected.add(object)
    this.#version = await listPages(this.#options, { pageSize, signal, onItem })
    this.#expiredLists = 0
    collected.commit()
  }

  async #watch(): Promise<void> {
    const started = performance.now()
    const eventsBefore = this.stats.events + this.stats.bookmarks
    this.stats.watches++
    await watchOnce(this.#options, {
      ...this.#options.timings,
      signal: this.#options.signal,
      resourceVersion: this.#version ?? '',
      onOpen: () => {
        this.#problem = undefined
        this.#options.client.comeback.reached()
      },
      onEvent: (type, object) => this.#apply(type, object),
      onVersion: (version, bookmark) => {
        this.#version = version
        if (bookmark) this.stats.bookmarks++
      },
    })
    const quiet = this.stats.events + this.stats.bookmarks === eventsBefore
    if (quiet && performance.now() - started < SHORTEST_WATCH_MS) throw new Error('the server ended the watch at once')
    this.#backoff.reset()
  }

  #apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void {
    this.stats.events++
    if (type === 'DELETED') this.#copy.remove(object)
    else this.#copy.put(object)
  }

  async #failed(error: unknown): Promise<void> {
    const { signal, logger } = this.#options
    if (this.#options.optional === true && isApiError(error, 'notFound')) return this.#unserved()
    this.stats.failures++
    if (isApiError(error, 'gone')) return this.#expired(error)
    const wanted = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0
    const delay = Math.max(wanted, this.#backoff.next())
    const text = error instanceof Error ? error.message : String(error)
    this.#problem = `${this.#name}: ${this.synced ? 'watch interrupted' : 'not listed yet'}: ${text}`
    logger?.warn({ err: error, resource: this.#name, retryInMs: Math.round(delay) }, 'list and watch interrupted')
    // A refusal is about this resource; a server that nobody reaches comes back for all.
    if (error instanceof ApiError) await sleep(delay, signal)
    else await this.#options.client.comeback.wait(delay, signal)
  }

  async #unserved(): Promise<void> {
    this.#version = undefined
    this.#copy.begin().commit()
    this.#problem = undefined
    const { definition, signal } = this.#options
    if (definition === undefined) return sleep(UNSERVED_RETRY_MS, signal)
    // What is defined is served in a moment.
    const delay = definition.size > 0 ? this.#backoff.next() : UNSERVED_RETRY_MS
    const changed = new AbortController()
    using _ = definition.subscribe(() => changed.abort())
    await sleep(delay, AbortSignal.any([signal, changed.signal]))
  }

  /** 410: list again, at once the first time. */
  async #expired(error: ApiError): Promise<void> {
    const { signal, logger } = this.#options
    if (this.#version === undefined) this.#expiredLists++
    this.#version = undefined
    logger?.info({ resource: this.#name, reason: error.reason }, 'resource version too old, listing again')
    if (this.#expiredLists > 0) await sleep(this.#backoff.next(), signal)
  }
}
