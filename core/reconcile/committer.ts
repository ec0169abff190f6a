import { type Backoff, backoffDelay, type Clock } from './clock.ts'
import { CommitQueue } from './commit-queue.ts'
import { divide, type Group, type Member, wantedIn } from './group.ts'
import { MultiMap } from './multimap.ts'
import type { EngineLog, EngineStats } from './options.ts'
import { Outage } from './outage.ts'
import { type Problem, worse } from './problem.ts'
import type { OwnerRecord } from './record.ts'
import { Repairs } from './repairs.ts'
import { RetryQueue } from './retry-queue.ts'
import type { Slice } from './slice.ts'
import type { Blocked, CommitResult, OwnerKey, Target, TargetBatch, TargetSink } from './target.ts'

export interface CommitterContext {
  readonly kinds: number
  readonly clock: Clock
  readonly backoff: Backoff
  readonly logger: EngineLog
  readonly stats: EngineStats
  readonly signal: AbortSignal
  /** The engine runs and leads. */
  active(): boolean
  /** An outcome is known for this owner in this target. */
  settled(record: OwnerRecord): void
  /** There may be something to do. */
  wake(): void
  resync(committer: Committer): void
  /** Something with the mark of this owner is there that nobody wants: the object of this key. */
  leftover(owner: OwnerKey, key: string, committer: Committer): void
}

/**
 * Brings owners into one target: compares when a batch is put together (never earlier, so that a batch is built on what
 * the one before has left), keeps at most `limits.inFlight` batches on their way, and finds the owner at fault in a
 * refused one.
 */
export class Committer implements TargetSink {
  readonly target: Target
  /** Who wants each key; the first is the one that has it. */
  readonly claims = new MultiMap<string, OwnerRecord>()
  readonly #queue: CommitQueue
  readonly #problems = new Map<OwnerRecord, Problem>()
  readonly #retries: RetryQueue<OwnerRecord>
  readonly #context: CommitterContext
  readonly #outage: Outage
  readonly #repairs: Repairs
  #inFlight = 0

  constructor(target: Target, context: CommitterContext) {
    this.target = target
    this.#context = context
    this.#queue = new CommitQueue(context.kinds)
    this.#outage = new Outage(context.clock, () => context.wake())
    this.#repairs = new Repairs(context.clock)
    this.#retries = new RetryQueue(context.clock, records => this.#retry(records))
  }

  /** Compare this owner with the target soon. */
  enqueue(record: OwnerRecord): void {
    this.#retries.cancel(record)
    this.#queue.add(record, this.#problems.get(record)?.kind === 'refused')
  }

  problem(record: OwnerRecord): Problem | undefined {
    return this.#problems.get(record)
  }

  /** Queued or on its way: its outcome is not known. */
  busy(record: OwnerRecord): boolean {
    return this.#queue.has(record)
  }

  /** Nothing queued, nothing on its way. */
  get idle(): boolean {
    return this.#inFlight === 0 && this.#queue.size === 0
  }

  /** A batch is on its way. */
  get flying(): boolean {
    return this.#inFlight > 0
  }

  /** Something is queued and may be sent right now. */
  get startable(): boolean {
    return this.#open && this.#inFlight < this.target.limits.inFlight && this.#queue.size > 0
  }

  get #open(): boolean {
    return this.#outage.message === undefined && this.target.ready && this.#context.active()
  }

  /** Why nothing gets into the target at all; undefined when all is well. */
  get outage(): string | undefined {
    return this.#outage.message ?? (this.target.ready ? undefined : 'not connected, or first full state not yet known')
  }

  /** Starts what can be started within the slice. Returns true when there is more that could be started right now. */
  pump(slice: Slice): boolean {
    while (this.startable) {
      if (!this.#start(slice)) return false
      if (slice.over) return this.startable
    }
    return false
  }

  changed(key: string): void {
    if (this.claims.has(key)) for (const record of this.claims.get(key)) this.#repair(record)
    else this.#unclaimed(key, this.target.holder?.(key))
    this.#context.wake()
  }

  #repair(record: OwnerRecord): void {
    const pause = this.#repairs.pause(record)
    if (pause === 0) this.enqueue(record)
    else if (!this.#queue.waits(record)) this.#retries.schedule(record, pause)
  }

  #unclaimed(key: string, owner: OwnerKey | undefined): void {
    if (owner !== undefined) this.#context.leftover(owner, key, this)
  }

  ready(): void {
    this.#outage.end()
    this.#context.wake()
  }

  resync(): void {
    this.#outage.end()
    this.#context.resync(this)
  }

  /** The owner is gone for good. */
  forget(record: OwnerRecord): void {
    this.#queue.delete(record)
    this.#problems.delete(record)
    this.#retries.cancel(record)
  }

  stop(): void {
    this.#retries.clear()
    this.#outage.end()
  }

  /** Puts a batch together and sends it if it has operations. Returns false when there is no owner to take. */
  #start(slice: Slice): boolean {
    const group: Group = { batch: this.target.begin(), members: [] }
    let took = false
    for (const record of this.#queue.take()) {
      took = true
      this.#add(group, record)
      if (group.members.length >= this.target.limits.owners || slice.over) break
    }
    if (group.members.length > 0) void this.#fly(group)
    return took
  }

  #add(group: Group, record: OwnerRecord): void {
    this.#context.stats.diffs++
    const removed = record.removed.filter(object => object.target === this.target.name)
    const before = group.batch.operations
    try {
      const { desired, conflict } = wantedIn(this.target.name, record, this.claims)
      const unwanted = removed.filter(object => !this.claims.has(object.key))
      const blocked = group.batch.add(record.key, desired, unwanted)
      const problem = worse(conflict, this.#blocked(record, blocked))
      const member: Member = { record, removed, complete: !blocked, problem }
      if (group.batch.operations === before) this.#landed(member)
      else group.members.push(member)
    } catch (error) {
      this.#refused(record, messageOf(error))
    }
  }

  #blocked(record: OwnerRecord, blocked: Blocked | undefined): Problem | undefined {
    if (!blocked) return undefined
    if (blocked.retryAfter !== undefined) this.#retries.schedule(record, blocked.retryAfter)
    return { kind: 'blocked', message: blocked.message }
  }

  async #fly(group: Group): Promise<void> {
    this.#inFlight++
    for (const { record } of group.members) this.#queue.took(record)
    try {
      await this.#commit(group, true)
    } finally {
      this.#inFlight--
      for (const { record } of group.members) this.#queue.landed(record)
      this.#context.wake()
    }
  }

  async #commit(group: Group, trustSuspect: boolean): Promise<void> {
    this.#context.stats.batches++
    const result = await this.#send(group.batch)
    if (result.status === 'committed') this.#committed(group)
    else if (result.status === 'rejected') await this.#rejected(group, result, trustSuspect)
    else this.#unavailable(group, result.message)
  }

  /** Targets promise never to reject; one that breaks the promise has an unknown outcome. */
  async #send(batch: TargetBatch): Promise<CommitResult> {
    try {
      return await batch.commit(this.#context.signal)
    } catch (error) {
      return { status: 'unknown', message: messageOf(error) }
    }
  }

  #committed(group: Group): void {
    this.#context.stats.commits++
    this.#context.stats.operations += group.batch.operations
    this.#outage.succeeded()
    for (const member of group.members) {
      if (this.#repairs.committed(member.record)) this.#warnOfFight(member.record)
      this.#landed(member)
    }
  }

  #warnOfFight(record: OwnerRecord): void {
    const fields = { owner: record.key, target: this.target.name }
    this.#context.logger.warn(fields, 'put right again and again: somebody changes it back, or it never compares equal')
  }

  /** One owner's fault must not hold up the others: the batch is divided until the owner is alone. */
  async #rejected(group: Group, result: CommitResult & { status: 'rejected' }, trustSuspect: boolean): Promise<void> {
    this.#context.stats.rejections++
    const [only] = group.members
    if (only && group.members.length === 1) return this.#refused(only.record, result.message)
    const suspect = trustSuspect ? group.members.find(({ record }) => record.key === result.suspect) : undefined
    // After a wrong or useless hint the next step halves, so that many culprits cost no more than a plain bisection.
    for (const part of divide(group.members, suspect)) await this.#again(part, !suspect)
  }

  async #again(members: readonly Member[], trustSuspect: boolean): Promise<void> {
    if (!this.#open) return this.#requeue(members)
    const group: Group = { batch: this.target.begin(), members: [] }
    for (const { record } of members) this.#add(group, record)
    if (group.members.length > 0) await this.#commit(group, trustSuspect)
  }

  #unavailable(group: Group, message: string): void {
    this.#requeue(group.members)
    if (this.#context.signal.aborted) return
    const delay = this.#outage.begin(message)
    if (delay !== undefined)
      this.#context.logger.warn({ target: this.target.name, delay }, `commit is put off: ${message}`)
  }

  #requeue(members: readonly Member[]): void {
    for (const { record } of members) {
      this.#queue.landed(record)
      this.enqueue(record)
    }
  }

  /** The target holds everything of this owner that it can hold now. */
  #landed(member: Member): void {
    const { record, removed, complete, problem } = member
    if (removed.length > 0 && complete) {
      const gone = new Set(removed)
      record.removed = record.removed.filter(object => !gone.has(object))
    }
    if (problem) this.#problems.set(record, problem)
    else this.#problems.delete(record)
    this.#queue.landed(record)
    this.#context.settled(record)
  }

  #refused(record: OwnerRecord, message: string): void {
    const before = this.#problems.get(record)
    const attempts = before?.kind === 'refused' ? before.attempts + 1 : 1
    const delay = backoffDelay(this.#context.backoff, attempts)
    this.#problems.set(record, { kind: 'refused', message: `${this.target.name}: ${message}`, attempts })
    this.#retries.schedule(record, delay)
    const fields = { owner: record.key, target: this.target.name, attempts, delay }
    if (before?.message.endsWith(message)) this.#context.logger.debug(fields, `refused again: ${message}`)
    else this.#context.logger.warn(fields, `refused: ${message}`)
    this.#queue.landed(record)
    this.#context.settled(record)
  }

  #retry(records: readonly OwnerRecord[]): void {
    for (const record of records) this.enqueue(record)
    this.#context.wake()
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
