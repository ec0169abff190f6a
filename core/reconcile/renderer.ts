import type { EngineLog, EngineStats } from './options.ts'
import type { Rendered } from './owner.ts'
import { RankedQueue } from './ranked-queue.ts'
import { Reads } from './reads.ts'
import { OBJECTS, type OwnerRecord, type Verdict } from './record.ts'
import type { Slice } from './slice.ts'
import type { ReadableStore } from './store.ts'
import type { Desired } from './target.ts'

export interface RendererContext {
  readonly kinds: number
  readonly stats: EngineStats
  readonly logger: EngineLog
  /** The render's objects are believed from now on. Throws when they make no sense. */
  adopt(record: OwnerRecord, objects: readonly Desired[]): void
  /** The verdict is known. */
  rendered(record: OwnerRecord): void
  wake(): void
}

/** Runs the renders of the owners that are dirty, references first. */
export class Renderer implements Disposable {
  readonly #context: RendererContext
  readonly #dirty: RankedQueue
  readonly #reads: Reads

  constructor(context: RendererContext) {
    this.#context = context
    this.#dirty = new RankedQueue(context.kinds)
    this.#reads = new Reads(record => this.enqueue(record))
  }

  get idle(): boolean {
    return this.#dirty.size === 0
  }

  /** Stores that were ever read. */
  stores(): Iterable<ReadableStore<unknown>> {
    return this.#reads.stores()
  }

  enqueue(record: OwnerRecord): void {
    record.dirty = true
    this.#dirty.add(record)
    this.#context.wake()
  }

  /** The owner is gone. */
  forget(record: OwnerRecord): void {
    record.dirty = false
    this.#dirty.delete(record)
    this.#reads.forget(record)
  }

  /** Renders until the slice is over. Returns true when there is more. */
  run(slice: Slice): boolean {
    for (const record of this.#dirty.take()) {
      record.dirty = false
      this.#render(record)
      if (slice.over) break
    }
    return !this.idle
  }

  [Symbol.dispose](): void {
    this.#reads[Symbol.dispose]()
  }

  #render(record: OwnerRecord): void {
    this.#context.stats.renders++
    try {
      const { result, unsynced } = this.#reads.record(record, view => record.kind.spec.render(record.name, view))
      if (unsynced) this.#discard(record, unsynced)
      else this.#accept(record, result)
    } catch (error) {
      this.#failed(record, error)
    }
    this.#context.rendered(record)
  }

  #accept(record: OwnerRecord, rendered: Rendered): void {
    if (rendered.objects) {
      this.#context.adopt(record, rendered.objects)
      record.known = true
    }
    record.verdict = verdictOf(rendered)
  }

  #discard(record: OwnerRecord, store: ReadableStore<unknown>): void {
    this.#context.stats.discarded++
    const message = `the first full state of ${store.name} has not arrived`
    record.verdict = { kind: 'wait', reason: 'NotSynced', message }
  }

  /** A mistake in a render must not stop the others. The same input would fail again, so only a change renders again. */
  #failed(record: OwnerRecord, error: unknown): void {
    this.#context.logger.error({ owner: record.key, err: error }, 'render failed')
    const message = error instanceof Error ? error.message : String(error)
    record.verdict = { kind: 'invalid', reason: 'RenderFailed', message }
  }
}

function verdictOf(rendered: Rendered): Verdict {
  if (rendered.kind === 'objects') return OBJECTS
  return { kind: rendered.kind, reason: rendered.reason, message: rendered.message ?? '' }
}
