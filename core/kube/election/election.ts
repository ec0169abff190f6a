import type { Logger } from '@ovnkit/process'
import { Store } from '@ovnkit/reconcile'
import type { KubeClient } from '../client/client.ts'
import { isApiError } from '../client/errors.ts'
import { mirror } from '../mirror/mirror.ts'
import { type Lease, resources } from '../resources.ts'
import { Candidacy } from './candidacy.ts'
import { Wakeup } from './wakeup.ts'

export interface LeaderElectionOptions {
  readonly client: KubeClient
  readonly namespace: string
  readonly name: string
  /** Different for every process: host name and something random. */
  readonly identity: string
  /** Others take over when they saw no renewal for so long. Default 15. */
  readonly leaseSeconds?: number
  /** The leader gives up when it could not renew for so long; less than leaseSeconds. Default 10. */
  readonly renewSeconds?: number
  /** Between renewals, and between attempts. Default 2. */
  readonly retrySeconds?: number
  /**
   * Called each time this process becomes the leader. The signal aborts when it no longer is (LeadershipLostError), or shall not be (the
   * reason of `signal`). What it returns is waited for before the Lease is released or sought again; a rejection ends the election.
   */
  readonly onLeading: (signal: AbortSignal) => void | Promise<void>
  /** Called when another holder is seen. */
  readonly onStandby?: (holder: string) => void
  /** Ends the election; a held Lease is released. */
  readonly signal: AbortSignal
  readonly logger?: Logger
}

/** Somebody else may be the leader from now on. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError'
  readonly code = 'leadershipLost'
}

/**
 * Campaigns for a Lease until `signal` aborts. Standbys watch it and write nothing; a released Lease is taken at once, an abandoned one after
 * its duration. Needs get, list, watch, create and update on leases in that namespace.
 */
export function runLeaderElection(options: LeaderElectionOptions): Promise<void> {
  return new Election(options).run()
}

class Election {
  readonly #options: LeaderElectionOptions
  readonly #candidacy: Candidacy
  readonly #store = new Store<Lease>({ name: 'lease' })
  readonly #wakeup = new Wakeup()
  readonly #renewMs: number
  readonly #retryMs: number
  /** When the last successful renewal was sent, monotonic ms. */
  #renewedAt = 0
  #seenHolder = ''

  constructor(options: LeaderElectionOptions) {
    const { namespace, name, identity, leaseSeconds = 15, renewSeconds = 10, retrySeconds = 2 } = options
    if (!(retrySeconds < renewSeconds && renewSeconds < leaseSeconds))
      throw new RangeError(
        `retrySeconds < renewSeconds < leaseSeconds expected, got ${retrySeconds}, ${renewSeconds}, ${leaseSeconds}`,
      )
    this.#options = options
    this.#renewMs = renewSeconds * 1000
    this.#retryMs = retrySeconds * 1000
    this.#candidacy = new Candidacy({ namespace, name, identity, leaseMs: leaseSeconds * 1000 })
  }

  async run(): Promise<void> {
    const { client, namespace, name, signal, logger } = this.#options
    const watching = new AbortController()
    const fieldSelector = `metadata.name=${name}`
    const trim = (lease: Lease) => lease
    const scope = { client, resource: resources.leases, namespace, fieldSelector, trim, signal: watching.signal }
    this.#store.subscribe((_key, lease) => this.#observe(lease))
    this.#store.onSynced(() => this.#wakeup.wake())
    const wake = () => this.#wakeup.wake()
    signal.addEventListener('abort', wake)
    const watch = mirror({ ...scope, store: this.#store, ...(logger === undefined ? {} : { logger }) })
    try {
      while (await this.#campaign()) await this.#lead()
    } finally {
      signal.removeEventListener('abort', wake)
      watching.abort()
      await watch.ended
    }
  }

  /** Resolves to true when the Lease is ours, to false when the election ends. */
  async #campaign(): Promise<boolean> {
    const { signal } = this.#options
    while (!signal.aborted) {
      const wait = this.#store.synced ? this.#candidacy.wait(performance.now()) : Infinity
      this.#tellStandby()
      if (wait > 0) await this.#wakeup.within(wait)
      else if (await this.#claim(this.#renewMs, signal)) return true
      else await this.#wakeup.within(this.#retryMs * (0.5 + Math.random()))
    }
    return false
  }

  async #lead(): Promise<void> {
    const { identity, onLeading, logger } = this.#options
    const leading = new AbortController()
    const work = watchWork(
      async () => onLeading(leading.signal),
      () => this.#wakeup.wake(),
    )
    logger?.info({ identity }, 'leading')
    const reason = await this.#hold(() => work.failed)
    leading.abort(reason)
    logger?.info({ identity, reason: reason.message }, 'no longer leading')
    await this.#drain(work.done)
    await this.#release()
    work.rethrow()
  }

  /** Renews until leadership must end, and says why. */
  async #hold(failed: () => boolean): Promise<Error> {
    const { signal } = this.#options
    while (true) {
      await this.#wakeup.within(this.#retryMs)
      if (failed()) return new Error('the work of the leader failed')
      if (signal.aborted) return asError(signal.reason)
      const lost = await this.#renew(signal)
      if (lost !== undefined) return lost
    }
  }

  async #renew(signal?: AbortSignal): Promise<LeadershipLostError | undefined> {
    const { holder, isHolder } = this.#candidacy
    if (!isHolder) return new LeadershipLostError(`${holder || 'nobody'} holds the lease now`)
    const left = this.#renewedAt + this.#renewMs - performance.now()
    if (left <= 0) return new LeadershipLostError(`the lease could not be renewed for ${this.#renewMs} ms`)
    await this.#claim(left, signal)
    return undefined
  }

  /** Waits for the leader's work to end. As long as the Lease can be renewed nobody else leads meanwhile. */
  async #drain(done: Promise<void>): Promise<void> {
    let over = false
    const ended = done.then(() => {
      over = true
      this.#wakeup.wake()
    })
    while (!over && (await this.#renew()) === undefined) await this.#wakeup.within(this.#retryMs)
    await ended
  }

  /** Writes the Lease as ours over the observed version. False when it is not ours after that. */
  async #claim(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const started = performance.now()
    const { client, logger } = this.#options
    const lease = this.#candidacy.claim(Date.now())
    try {
      const call = { timeoutMs, retry: false, ...(signal === undefined ? {} : { signal }) }
      const exists = this.#candidacy.exists
      const written = await (exists
        ? client.replace(resources.leases, lease, call)
        : client.create(resources.leases, lease, call))
      this.#candidacy.observe(written, performance.now())
      this.#renewedAt = started
      return true
    } catch (error) {
      logger?.debug({ err: error }, 'lease was not written')
      if (isApiError(error, 'conflict') || isApiError(error, 'alreadyExists') || isApiError(error, 'notFound'))
        await this.#look(timeoutMs)
      return false
    }
  }

  /** Reads the Lease: the watch may be late. */
  async #look(timeoutMs: number): Promise<void> {
    const { client, namespace, name } = this.#options
    try {
      this.#observe(await client.get(resources.leases, { namespace, name }, { timeoutMs, retry: false }))
    } catch (error) {
      if (isApiError(error, 'notFound')) this.#observe(undefined)
    }
  }

  async #release(): Promise<void> {
    if (!this.#candidacy.isHolder) return
    const { client, logger } = this.#options
    try {
      const call = { timeoutMs: this.#retryMs, retry: false }
      const lease = this.#candidacy.release(Date.now())
      this.#candidacy.observe(await client.replace(resources.leases, lease, call), performance.now())
    } catch (error) {
      logger?.debug({ err: error }, 'lease was not released')
    }
  }

  #observe(lease: Lease | undefined): void {
    this.#candidacy.observe(lease, performance.now())
    if (!this.#candidacy.isHolder) this.#wakeup.wake()
  }

  #tellStandby(): void {
    const { holder, isHolder } = this.#candidacy
    if (isHolder || holder === this.#seenHolder) return
    this.#seenHolder = holder
    if (holder !== '') this.#options.onStandby?.(holder)
  }
}

interface Work {
  readonly failed: boolean
  /** Never rejects. */
  readonly done: Promise<void>
  /** @throws what the work threw, if it did */
  rethrow(): void
}

function watchWork(start: () => Promise<void>, onFailure: () => void): Work {
  let failure: { readonly error: unknown } | undefined
  const done = start().catch(error => {
    failure = { error }
    onFailure()
  })
  return {
    get failed() {
      return failure !== undefined
    },
    done,
    rethrow: () => {
      if (failure !== undefined) throw failure.error
    },
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
