/** What the owner of the state machine has to do now. */
export type ReconnectAction = 'connect' | 'probe' | 'disconnect'

export interface ReconnectOptions {
  /** First and largest delay between attempts, ms. */
  readonly minBackoff: number
  readonly maxBackoff: number
  /** Silence until a probe, and from the probe to the end, ms; 0 = connections are never probed. */
  readonly probeInterval: number
  /** From 0 (inclusive) to 1; spreads the attempts of clients that lost the same server at the same moment. Default: none, delays are whole. */
  readonly random?: () => number
}

type Phase =
  | { readonly name: 'stopped' }
  | { readonly name: 'backoff' | 'connecting' | 'active' | 'probing'; readonly since: number }

/**
 * When to dial, to probe and to give up: the rules of OVS's `lib/reconnect` as a state machine without clock, timers or I/O.
 * Every method takes the time (ms, any origin); the owner calls {@link run} when {@link deadline} has come.
 *
 * A failed attempt doubles the delay up to the largest. The delay starts anew only after a connection that stayed active for
 * at least the current delay, so a server that accepts and drops at once is not hammered. Free tries skip the delay: one per
 * remote at the start and after a connection was given up on purpose. What is waited is, unlike in OVS, half of the delay up to the
 * whole of it, at random.
 */
export class Reconnect {
  #options: ReconnectOptions
  #phase: Phase = { name: 'stopped' }
  #backoff = 0
  /** What is waited of it. */
  #delay = 0
  #freeTries = 0
  #connectedAt = 0
  #activeAt = 0
  #patience: number | undefined

  constructor(options: ReconnectOptions) {
    this.#options = options
  }

  /** The delay before the next attempt, as known now. */
  get backoff(): number {
    return this.#backoff
  }

  get phase(): Phase['name'] {
    return this.#phase.name
  }

  /** Starts; the first `freeTries` attempts follow one another without delay. */
  start(now: number, freeTries: number): void {
    this.#freeTries = freeTries
    this.#setBackoff(0)
    this.#enter('backoff', now)
  }

  stop(): void {
    this.#phase = { name: 'stopped' }
  }

  /** The owner has begun to dial. */
  connecting(now: number): void {
    this.#enter('connecting', now)
  }

  /** The connection is there. `probeInterval` may differ by transport. */
  connected(now: number, probeInterval = this.#options.probeInterval): void {
    this.#options = { ...this.#options, probeInterval }
    this.#patience = undefined
    this.#connectedAt = now
    this.#activeAt = now
    this.#enter('active', now)
  }

  /** Bytes arrived, of whatever kind. */
  activity(now: number): void {
    this.#activeAt = now
    if (this.#phase.name === 'probing') this.#enter('active', now)
  }

  /**
   * A reply is awaited that may take the server long, during which it says nothing: no probes, but an end after that much
   * silence. `undefined` = back to probing.
   */
  expectSilence(now: number, milliseconds: number | undefined): void {
    this.#patience = milliseconds
    this.#activeAt = now
    if (this.#phase.name === 'probing') this.#enter('active', now)
  }

  /** The attempt failed or the connection is gone. */
  disconnected(now: number): void {
    const { name } = this.#phase
    if (name === 'stopped' || name === 'backoff') return
    this.#setBackoff(this.#nextBackoff(name === 'active' || name === 'probing'))
    this.#enter('backoff', now)
  }

  /** The next attempts need no delay: the connection is given up because another remote is better. */
  grantFreeTries(count: number): void {
    this.#freeTries = Math.max(this.#freeTries, count)
  }

  /** Ends a delay. */
  skipBackoff(now: number): void {
    if (this.#phase.name !== 'backoff') return
    this.#setBackoff(0)
    this.#enter('backoff', now)
  }

  /** When to call {@link run} again; Infinity = never, until something happens. */
  deadline(): number {
    const phase = this.#phase
    switch (phase.name) {
      case 'stopped':
        return Number.POSITIVE_INFINITY
      case 'backoff':
        return phase.since + this.#delay
      case 'connecting':
        return phase.since + Math.max(1000, this.#backoff)
      case 'active':
        return this.#patience === undefined ? this.#after(this.#activeAt) : this.#activeAt + this.#patience
      case 'probing':
        return this.#after(phase.since)
    }
  }

  /** What is due now, if anything. */
  run(now: number): ReconnectAction | undefined {
    if (now < this.deadline()) return undefined
    switch (this.#phase.name) {
      case 'backoff':
        return 'connect'
      case 'active':
        if (this.#patience !== undefined) return 'disconnect'
        this.#enter('probing', now)
        return 'probe'
      default:
        return 'disconnect'
    }
  }

  #after(since: number): number {
    const { probeInterval } = this.#options
    return probeInterval === 0 ? Number.POSITIVE_INFINITY : since + probeInterval
  }

  #setBackoff(milliseconds: number): void {
    this.#backoff = milliseconds
    this.#delay = milliseconds * (1 - (this.#options.random?.() ?? 0) / 2)
  }

  #nextBackoff(wasConnected: boolean): number {
    const { minBackoff, maxBackoff } = this.#options
    if (this.#freeTries > 1) {
      this.#freeTries--
      return 0
    }
    if (wasConnected && this.#activeAt - this.#connectedAt >= this.#backoff) return minBackoff
    return Math.min(maxBackoff, Math.max(minBackoff, this.#backoff * 2))
  }

  #enter(name: Exclude<Phase['name'], 'stopped'>, now: number): void {
    this.#phase = { name, since: now }
  }
}
