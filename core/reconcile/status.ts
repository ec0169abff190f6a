import type { Clock } from './clock.ts'
import type { OwnerState, OwnerStatus } from './owner.ts'
import { describeProblem, type Problem, worse } from './problem.ts'
import type { OwnerRecord } from './record.ts'
import { Store } from './store.ts'
import type { OwnerKey } from './target.ts'
import type { Committers } from './wants.ts'

/**
 * The outcome of every owner, as a store that other renders can read. An owner without an outcome yet is not in it.
 * It counts as synced when every owner had its first turn: otherwise a restart would render ten thousand conditions as
 * "nothing known", and commit them.
 */
export class Statuses {
  readonly store = new Store<OwnerStatus>({ name: 'status', equals: sameStatus })
  readonly #committers: Committers
  readonly #clock: Clock
  /** Ten thousand owners that are done at once share one object. */
  #done: OwnerStatus = { state: 'done', reason: '', message: '', attempts: 0, since: 0 }

  constructor(committers: Committers, clock: Clock) {
    this.#committers = committers
    this.#clock = clock
  }

  /** Notes the owner's outcome, if it has one now; while it is on its way again the last outcome stands. */
  publish(record: OwnerRecord): void {
    const status = this.#outcome(record)
    if (status) this.store.set(record.key, status)
  }

  forget(key: OwnerKey): void {
    this.store.delete(key)
  }

  #outcome(record: OwnerRecord): OwnerStatus | undefined {
    const verdict = record.verdict
    if (verdict && verdict.kind !== 'objects') return this.#status(verdict.kind, verdict.reason, verdict.message)
    const problem = this.#problem(record)
    if (problem) {
      const { state, reason, attempts } = describeProblem(problem)
      return this.#status(state, reason, problem.message, attempts)
    }
    if (!verdict && record.alive) return undefined
    for (const committer of this.#committers.values()) if (committer.busy(record)) return undefined
    return this.#doneNow()
  }

  #problem(record: OwnerRecord): Problem | undefined {
    let worst: Problem | undefined
    for (const committer of this.#committers.values()) worst = worse(worst, committer.problem(record))
    return worst
  }

  #status(state: OwnerState, reason: string, message: string, attempts = 0): OwnerStatus {
    return { state, reason, message, attempts, since: this.#clock.now() }
  }

  #doneNow(): OwnerStatus {
    const since = this.#clock.now()
    if (this.#done.since !== since) this.#done = { ...this.#done, since }
    return this.#done
  }
}

function sameStatus(a: OwnerStatus, b: OwnerStatus): boolean {
  return a.state === b.state && a.reason === b.reason && a.message === b.message && a.attempts === b.attempts
}
