import type { Batcher, BatcherOptions } from './batcher.ts'
import type { Operation } from './operations.ts'
import type { Outcome } from './outcome.ts'
import { encodedSize } from './size.ts'

interface Group {
  readonly operations: readonly Operation[]
  readonly bytes: number
  readonly settle: (outcome: Outcome) => void
  readonly fail: (error: unknown) => void
}

type Transact = (operations: readonly Operation[], limits: { readonly timeout?: number }) => Promise<Outcome>

/** Makes a batcher over a way to run one transaction. */
export function createBatcher(transact: Transact, options: BatcherOptions): Batcher {
  return new GroupBatcher(transact, options)
}

class GroupBatcher implements Batcher {
  readonly #transact: Transact
  readonly #limits: Required<Omit<BatcherOptions, 'timeout'>>
  readonly #timeout: { readonly timeout?: number }
  readonly #queue: Group[] = []
  #running = 0
  #scheduled = false

  constructor(transact: Transact, { timeout, ...limits }: BatcherOptions) {
    this.#transact = transact
    this.#limits = { maxGroups: 1000, maxBytes: 1 << 20, inFlight: 2, ...limits }
    this.#timeout = timeout === undefined ? {} : { timeout }
  }

  get queued(): number {
    return this.#queue.length
  }

  transact(operations: readonly Operation[]): Promise<Outcome> {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    this.#queue.push({ operations, bytes: encodedSize(operations), settle: resolve, fail: reject })
    this.#schedule()
    return promise
  }

  /** Waits for the end of the turn, so that what is submitted in a loop travels together. */
  #schedule(): void {
    if (this.#scheduled || this.#running >= this.#limits.inFlight) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      while (this.#running < this.#limits.inFlight && this.#queue.length > 0) void this.#send(this.#next())
    })
  }

  #next(): Group[] {
    let bytes = 0
    let count = 0
    for (const group of this.#queue) {
      if (count > 0 && (count === this.#limits.maxGroups || bytes + group.bytes > this.#limits.maxBytes)) break
      bytes += group.bytes
      count++
    }
    return this.#queue.splice(0, count)
  }

  async #send(groups: readonly Group[]): Promise<void> {
    this.#running++
    try {
      await this.#run(groups)
    } catch (error) {
      for (const group of groups) group.fail(error)
    }
    this.#running--
    this.#schedule()
  }

  /** Runs groups as one transaction, and in halves if that is refused. */
  async #run(groups: readonly Group[]): Promise<void> {
    const outcome = await this.#transact(
      groups.flatMap(group => group.operations),
      this.#timeout,
    )
    const [only] = groups
    if (only && groups.length === 1) only.settle(outcome)
    else if (outcome.status === 'committed') settleAll(groups, outcome.results)
    else if (isRefused(outcome)) await this.#bisect(groups, outcome)
    else for (const group of groups) group.settle(outcome)
  }

  /** The operation at fault tells the group, where it is known: the rest goes again without it. */
  async #bisect(groups: readonly Group[], outcome: Outcome): Promise<void> {
    const culprit = 'error' in outcome ? groupAt(groups, outcome.error.index) : undefined
    if (culprit) {
      await this.#run(groups.filter(group => group !== culprit))
      await this.#run([culprit])
      return
    }
    const middle = groups.length >> 1
    await this.#run(groups.slice(0, middle))
    await this.#run(groups.slice(middle))
  }
}

/** Refused for what one group asked, with nothing done: worth a try without it. */
function isRefused({ status }: Outcome): boolean {
  return status === 'failed' || status === 'conflict' || status === 'aborted'
}

function groupAt(groups: readonly Group[], index: number | undefined): Group | undefined {
  if (index === undefined) return undefined
  let end = 0
  for (const group of groups) {
    end += group.operations.length
    if (index < end) return group
  }
  return undefined
}

function settleAll(groups: readonly Group[], results: Extract<Outcome, { status: 'committed' }>['results']): void {
  let at = 0
  for (const { operations, settle } of groups) {
    settle({ status: 'committed', results: results.slice(at, at + operations.length) })
    at += operations.length
  }
}
