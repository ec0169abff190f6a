import type { Metrics } from '@ovnkit/process'
import type { Backoff, Clock } from './clock.ts'
import type { OwnerKind } from './owner.ts'
import type { ReadableStore } from './store.ts'
import type { Target } from './target.ts'

/** What the engine needs of a logger; `Logger` of `@ovnkit/process` is one. */
export interface EngineLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const noLog: EngineLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export interface EngineOptions {
  readonly owners: readonly OwnerKind[]
  readonly targets: readonly Target[]
  /** Stores that must be complete before anything is swept, beside those that the engine sees renders read. */
  readonly sources?: readonly ReadableStore<unknown>[]
  readonly logger?: EngineLog
  /** Where the engine shows its counts, and its owners by state. */
  readonly metrics?: Metrics
  readonly clock?: Clock
  /** Delays after refusals. Default: 100 ms, doubling, at most 30 s. */
  readonly backoff?: Backoff
}

/** Counts since the engine was made. Tests assert on them; metrics show them. */
export interface EngineStats {
  /** Slices of work, each in a turn of the event loop. */
  turns: number
  /** Renders that ran. */
  renders: number
  /** Of these, the ones that read a store before its first full state, and were discarded. */
  discarded: number
  /** Owners compared with what a target holds. */
  diffs: number
  /** Differences committed (rows, elements, patches), not counting refused batches. */
  operations: number
  /** Batches that were sent, whatever became of them. */
  batches: number
  /** Batches that were committed. */
  commits: number
  /** Batches that were refused. */
  rejections: number
  /** Complete walks over what a target holds. */
  sweeps: number
}

export const newStats = (): EngineStats => ({
  turns: 0,
  renders: 0,
  discarded: 0,
  diffs: 0,
  operations: 0,
  batches: 0,
  commits: 0,
  rejections: 0,
  sweeps: 0,
})
