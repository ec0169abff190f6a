import { type Clock, defaultBackoff, systemClock } from './clock.ts'
import { Committer, type CommitterContext } from './committer.ts'
import { exportMetrics } from './metrics.ts'
import { type EngineOptions, type EngineStats, newStats, noLog } from './options.ts'
import type { OwnerStatus } from './owner.ts'
import { type Difference, recompute } from './recompute.ts'
import { NO_OBJECTS, type OwnerRecord } from './record.ts'
import { Registry } from './registry.ts'
import { Renderer } from './renderer.ts'
import { Slice } from './slice.ts'
import { Statuses } from './status.ts'
import type { Store } from './store.ts'
import { Sweeper } from './sweeper.ts'
import type { Desired, OwnerKey } from './target.ts'
import { adopt, concerns } from './wants.ts'

/** Shares of one turn of the event loop, in milliseconds; together they stay under 10. */
const RENDER_SLICE = 4
const COMMIT_SLICE = 4

/**
 * Observe, render, diff, commit: keeps every target as the owners' renders want it.
 *
 * Stores and targets tell what changed; owners that read it are rendered again; what they want is compared with what the
 * target really holds, and the difference is committed. There is no other path: start, restart, drift, a wiped target and a
 * new leader are all this one.
 */
export class Engine implements Disposable {
  readonly stats: EngineStats = newStats()
  readonly #options: EngineOptions
  readonly #committers = new Map<string, Committer>()
  readonly #registry: Registry
  readonly #renderer: Renderer
  readonly #sweeper: Sweeper
  readonly #statuses: Statuses
  readonly #clock: Clock
  readonly #stop = new AbortController()
  readonly #resources = new DisposableStack()
  readonly #waiters: (() => void)[] = []
  #state: 'new' | 'running' | 'paused' | 'stopped' = 'new'
  #scheduled = false

  constructor(options: EngineOptions) {
    const clock = options.clock ?? systemClock
    this.#clock = clock
    const logger = options.logger ?? noLog
    this.#options = options
    this.#statuses = new Statuses(this.#committers, clock)
    this.#registry = new Registry(options.owners, {
      added: record => this.#added(record),
      removed: record => this.#removed(record),
    })
    const wake = () => this.#wake()
    const common = { kinds: this.#registry.ranks, stats: this.stats, logger, wake }
    this.#renderer = new Renderer({
      ...common,
      adopt: (record, objects) => adopt(record, objects, this.#committers),
      rendered: record => this.#rendered(record),
    })
    const context: CommitterContext = {
      ...common,
      clock,
      backoff: options.backoff ?? defaultBackoff,
      signal: this.#stop.signal,
      active: () => this.#state === 'running',
      settled: record => this.#settled(record),
      resync: committer => this.#compareAll(committer),
      leftover: (owner, key, committer) => this.#leftover(owner, key, committer),
    }
    for (const target of options.targets) this.#committers.set(target.name, new Committer(target, context))
    this.#sweeper = new Sweeper({
      stats: this.stats,
      records: this.#registry.records,
      wake,
      remove: (owner, objects, committer) => this.#remove(owner, objects, committer),
    })
    if (options.metrics) exportMetrics(this, options.metrics)
  }

  /**
   * Begins to observe and, unless `standby`, to render and commit.
   * @param options.signal stops the engine for good; a batch on its way is not waited for
   * @param options.standby start as if paused, for a process that is not the leader
   */
  start(options: { readonly signal?: AbortSignal; readonly standby?: boolean } = {}): void {
    if (this.#state !== 'new') throw new Error(`an engine is started once; this one is ${this.#state}`)
    this.#state = options.standby ? 'paused' : 'running'
    const stop = () => this[Symbol.dispose]()
    options.signal?.addEventListener('abort', stop, { once: true })
    this.#resources.defer(() => options.signal?.removeEventListener('abort', stop))
    for (const committer of this.#committers.values()) {
      this.#resources.use(committer.target.attach(committer))
      this.#resources.defer(() => committer.stop())
      this.#sweeper.want(committer)
    }
    for (const source of this.#sources()) this.#resources.use(source.onSynced(() => this.#wake()))
    this.#resources.use(this.#renderer)
    this.#resources.use(this.#registry.observe())
    if (options.signal?.aborted) stop()
  }

  /**
   * Goes on observing, but renders and commits nothing: another process leads. A batch on its way is completed. Owners that
   * go meanwhile are the other leader's to clean up; what it leaves with our mark is swept at `resume`.
   */
  pause(): void {
    if (this.#state === 'running') this.#state = 'paused'
  }

  /** Leads (again): renders what changed meanwhile, compares everything, and commits the difference. */
  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'running'
    for (const committer of this.#committers.values()) this.#compareAll(committer)
  }

  /** The owner's last outcome; undefined for an owner that does not exist. */
  status(owner: OwnerKey): OwnerStatus | undefined {
    const record = this.#registry.records.get(owner)
    if (!record) return undefined
    return this.statusStore.get(owner) ?? { state: 'pending', reason: '', message: '', attempts: 0, since: 0 }
  }

  /** Outcomes by owner key, for renders (of conditions) to read. An owner appears with its first outcome. */
  get statusStore(): Store<OwnerStatus> {
    return this.#statuses.store
  }

  /** Why a target gets nothing at all, one text each; empty when all targets can be written. For readiness probes. */
  outages(): string[] {
    return [...this.#committers.values()].flatMap(({ target, outage }) => (outage ? [`${target.name}: ${outage}`] : []))
  }

  /**
   * Every dirty owner is rendered, every difference committed or refused or blocked, and swept what can be swept.
   * Owners that wait for a retry do not delay it; a target that is away does. While paused: nothing is on its way.
   */
  settled(): Promise<void> {
    if (this.#state === 'stopped') return Promise.resolve()
    this.#wake()
    return new Promise(resolve => this.#waiters.push(resolve))
  }

  /**
   * The oracle: renders everything from scratch and says where that differs from what the engine and its targets have.
   * Call it when settled. It costs a full render and blocks the event loop: for tests and for debugging.
   */
  recompute(): readonly Difference[] {
    return recompute(this.#registry, this.#committers)
  }

  /** Stops for good. */
  [Symbol.dispose](): void {
    if (this.#state === 'stopped') return
    this.#state = 'stopped'
    this.#stop.abort()
    this.#resources.dispose()
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  #added(record: OwnerRecord): void {
    this.#renderer.enqueue(record)
  }

  #removed(record: OwnerRecord): void {
    this.#renderer.forget(record)
    adopt(record, NO_OBJECTS, this.#committers)
    this.#sweeper.judged(record, this.#committers.values())
    if (this.#state === 'paused') this.#forget(record)
    else this.#settled(record)
    this.#wake()
  }

  #rendered(record: OwnerRecord): void {
    if (record.known) this.#sweeper.judged(record, this.#committers.values())
    this.#statuses.publish(record)
  }

  #settled(record: OwnerRecord): void {
    if (record.alive || record.removed.length > 0 || this.#busy(record)) this.#statuses.publish(record)
    else this.#forget(record)
  }

  #forget(record: OwnerRecord): void {
    for (const committer of this.#committers.values()) committer.forget(record)
    this.#registry.forget(record)
    this.#statuses.forget(record.key)
  }

  #busy(record: OwnerRecord): boolean {
    return this.#some(committer => committer.busy(record))
  }

  /**
   * Looked for at once, unless the owner is still to be judged. Where its removal is under way that looks once more: what an earlier process
   * had sent may have come after the removal was compared.
   */
  #leftover(owner: OwnerKey, key: string, committer: Committer): void {
    const record = this.#registry.records.get(owner)
    if (record?.alive === true && !record.known) return
    if (record?.alive === false && record.removed.some(object => object.key === key)) committer.enqueue(record)
    else this.#sweeper.want(committer)
  }

  #remove(owner: OwnerKey, objects: readonly Desired[], committer: Committer): void {
    const record = this.#registry.orphan(owner)
    record.removed = [...record.removed, ...objects]
    committer.enqueue(record)
    this.#wake()
  }

  #compareAll(committer: Committer): void {
    for (const record of this.#registry.records.values()) {
      if (concerns(record, committer.target.name)) committer.enqueue(record)
    }
    this.#sweeper.want(committer)
  }

  *#sources() {
    yield* this.#registry.stores()
    yield* this.#options.sources ?? []
    yield* this.#renderer.stores()
  }

  #wake(): void {
    if (this.#scheduled || this.#state === 'new' || this.#state === 'stopped') return
    this.#scheduled = true
    // After the poll phase: what one read of a socket brought is rendered together.
    setImmediate(() => this.#turn())
  }

  #turn(): void {
    this.#scheduled = false
    if (this.#state === 'stopped') return
    this.stats.turns++
    const more = this.#state === 'running' && this.#work()
    if (more) this.#wake()
    else if (this.#idle()) for (const resolve of this.#waiters.splice(0)) resolve()
  }

  /** One slice of everything. Returns true when there is more that can be done right now. */
  #work(): boolean {
    let more = this.#renderer.run(new Slice(this.#clock, RENDER_SLICE))
    const slice = new Slice(this.#clock, COMMIT_SLICE)
    for (const committer of this.#committers.values()) more = committer.pump(slice) || more
    if (more || !this.#complete()) return more
    if (!this.statusStore.synced) return this.#firstPass()
    // What cannot be sent now (its owner is on its way already) is no reason for another turn: whatever ends that wakes us.
    return this.#sweeper.run(slice)
  }

  /** Every source has delivered its first full state, and every owner was rendered since. */
  #complete(): boolean {
    if (!this.#renderer.idle) return false
    for (const source of this.#sources()) if (!source.synced && source !== this.statusStore) return false
    return true
  }

  /** When every owner has an outcome in every target that is there, those outcomes can be rendered. */
  #firstPass(): boolean {
    if (this.#some(committer => !committer.idle && committer.target.ready)) return false
    this.statusStore.markSynced()
    return true
  }

  #some(condition: (committer: Committer) => boolean): boolean {
    for (const committer of this.#committers.values()) if (condition(committer)) return true
    return false
  }

  #idle(): boolean {
    if (this.#state !== 'running') return !this.#some(committer => committer.flying)
    if (!this.#renderer.idle || this.#some(committer => !committer.idle)) return false
    return this.#sweeper.idle || !this.#complete()
  }
}
