import { isLater } from '../client/resource-version.ts'
import type { Lease, ObjectName } from '../resources.ts'

export interface CandidacyOptions extends ObjectName {
  readonly namespace: string
  /** Different for every process that ever campaigns. */
  readonly identity: string
  /** How long others trust a holder that they do not hear of. */
  readonly leaseMs: number
}

/**
 * What one candidate knows of the Lease. No clocks are compared between machines: an observed holder is trusted for the Lease's duration
 * from the local moment at which the Lease was last seen to change (as client-go does). Safety comes from writing only over the very
 * version that was observed.
 */
export class Candidacy {
  readonly #options: CandidacyOptions
  #lease: Lease | undefined
  #changedAt = 0

  constructor(options: CandidacyOptions) {
    this.#options = options
  }

  /** Empty when nobody holds the Lease. */
  get holder(): string {
    return this.#lease?.spec?.holderIdentity ?? ''
  }

  get isHolder(): boolean {
    return this.holder === this.#options.identity
  }

  get exists(): boolean {
    return this.#lease !== undefined
  }

  /** The Lease as just seen, by whatever way: news that are older than what is known are ignored. @param now monotonic ms */
  observe(lease: Lease | undefined, now: number): void {
    const known = this.#lease?.metadata?.resourceVersion
    const version = lease?.metadata?.resourceVersion
    if (known !== undefined && version !== undefined && !isLater(version, known)) return
    this.#changedAt = now
    this.#lease = lease
  }

  /** ms until the Lease may be taken; 0: now. */
  wait(now: number): number {
    if (this.holder === '' || this.isHolder) return 0
    const seconds = this.#lease?.spec?.leaseDurationSeconds
    const trusted = seconds === undefined ? this.#options.leaseMs : seconds * 1000
    return Math.max(0, this.#changedAt + trusted - now)
  }

  /** The Lease as it is when we hold it: over the observed version (none: to be created). @param wall ms since the epoch */
  claim(wall: number): Lease {
    const { identity, leaseMs } = this.#options
    const spec = this.#lease?.spec
    const time = microTime(wall)
    const renewal = this.isHolder
    const transitions = spec?.leaseTransitions ?? 0
    return this.#with({
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseMs / 1000),
      acquireTime: (renewal ? spec?.acquireTime : undefined) ?? time,
      renewTime: time,
      leaseTransitions: renewal || !this.exists ? transitions : transitions + 1,
    })
  }

  /** The Lease as it is when we give it back: the others need not wait. */
  release(wall: number): Lease {
    const time = microTime(wall)
    const transitions = this.#lease?.spec?.leaseTransitions ?? 0
    return this.#with({
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: transitions,
    })
  }

  #with(spec: NonNullable<Lease['spec']>): Lease {
    const { namespace, name } = this.#options
    return { metadata: { ...this.#lease?.metadata, namespace, name }, spec }
  }
}

/** meta/v1 MicroTime: RFC 3339 with six digits. */
function microTime(wall: number): string {
  return new Date(wall).toISOString().replace('Z', '000Z')
}
