import { PendingBatch } from './merge.ts'
import type { Batch } from './types.ts'

export type Filter = ReadonlyMap<string, true | ReadonlySet<string>>

/** Both forms of a watch filter as one. */
export function normalizeFilter(filter: object): Filter {
  if (Array.isArray(filter)) return new Map(filter.map((table: string) => [table, true as const]))
  const entries = Object.entries(filter).filter(([, columns]) => columns !== undefined)
  return new Map(entries.map(([table, columns]) => [table, columns === true ? true : new Set<string>(columns)]))
}

export interface WatchSource {
  onBatch(listener: (batch: Batch) => void): Disposable
  onClose(listener: () => void): Disposable
}

/** Hands batches to one consumer at its own pace. */
class Watcher {
  readonly #filter: Filter
  readonly #pending = new PendingBatch()
  #wake: (() => void) | undefined
  #closed = false

  constructor(filter: Filter) {
    this.#filter = filter
  }

  add(batch: Batch): void {
    this.#pending.add(batch, table => this.#filter.has(table))
    this.#wake?.()
  }

  close(): void {
    this.#closed = true
    this.#wake?.()
  }

  async *batches(): AsyncGenerator<Batch, void> {
    for (;;) {
      const batch = this.#pending.take((table, columns) => this.#wants(table, columns))
      if (batch) yield batch
      else if (this.#closed) return
      else await this.#changed()
    }
  }

  #wants(table: string, columns: ReadonlySet<string>): boolean {
    const filter = this.#filter.get(table)
    if (filter === true || filter === undefined) return filter === true
    for (const column of columns) if (filter.has(column)) return true
    return false
  }

  #changed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    return promise
  }
}

/**
 * Watches from this moment on, not from the first `next`. Ends when the signal is aborted or the source closes, after what
 * was pending; leaving the loop ends it, too.
 */
export function watch(
  source: WatchSource,
  filter: Filter,
  signal: AbortSignal | undefined,
  initial: Batch | undefined,
): AsyncIterable<Batch> {
  const watcher = new Watcher(filter)
  if (initial) watcher.add(initial)
  const listening = new DisposableStack()
  listening.use(source.onBatch(batch => watcher.add(batch)))
  listening.use(source.onClose(() => watcher.close()))
  const abort = (): void => watcher.close()
  signal?.addEventListener('abort', abort, { once: true })
  listening.defer(() => signal?.removeEventListener('abort', abort))
  if (signal?.aborted) watcher.close()
  return { [Symbol.asyncIterator]: () => consume(watcher, listening) }
}

async function* consume(watcher: Watcher, listening: DisposableStack): AsyncGenerator<Batch, void> {
  try {
    yield* watcher.batches()
  } finally {
    listening.dispose()
  }
}
