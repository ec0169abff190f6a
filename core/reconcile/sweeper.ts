import type { Committer } from './committer.ts'
import type { EngineStats } from './options.ts'
import type { OwnerRecord } from './record.ts'
import type { Slice } from './slice.ts'
import type { Desired, Held, OwnerKey } from './target.ts'

export interface SweeperContext {
  readonly stats: EngineStats
  readonly records: ReadonlyMap<OwnerKey, OwnerRecord>
  /** These are ours and wanted by nobody: remove them, under the name of that owner. */
  remove(owner: OwnerKey, objects: readonly Desired[], committer: Committer): void
  wake(): void
}

/**
 * Finds what targets hold with our mark and nobody wants: leftovers of owners that went while nobody looked, or of an
 * earlier version of a render. It must run only when every source is complete and every owner was rendered.
 */
export class Sweeper {
  readonly #context: SweeperContext
  readonly #wanted = new Map<Committer, Iterator<Held> | undefined>()
  /** Owners whose wants were not known when a target was swept: what it holds for them was left alone. */
  readonly #unjudged = new Set<OwnerRecord>()

  constructor(context: SweeperContext) {
    this.#context = context
  }

  /** Sweep this target from the start. */
  want(committer: Committer): void {
    this.#wanted.set(committer, undefined)
    this.#context.wake()
  }

  /** An owner's wants are known now, or it is gone. */
  judged(record: OwnerRecord, committers: Iterable<Committer>): void {
    if (this.#unjudged.delete(record)) for (const committer of committers) this.want(committer)
  }

  get idle(): boolean {
    return this.#wanted.size === 0
  }

  /** Walks on until the slice is over. Returns true when there is more to do right now. */
  run(slice: Slice): boolean {
    for (const [committer, walk] of this.#wanted) {
      if (!committer.target.ready) continue
      if (!this.#walk(committer, walk ?? this.#begin(committer), slice)) return true
      this.#wanted.delete(committer)
      this.#context.stats.sweeps++
    }
    return false
  }

  #begin(committer: Committer): Iterator<Held> {
    for (const record of this.#context.records.values()) if (isUnjudged(record)) this.#unjudged.add(record)
    const walk = committer.target.held()[Symbol.iterator]()
    this.#wanted.set(committer, walk)
    return walk
  }

  /** Returns true at the end of the walk. */
  #walk(committer: Committer, walk: Iterator<Held>, slice: Slice): boolean {
    const leftovers = new Map<OwnerKey, Desired[]>()
    let step = walk.next()
    while (!step.done) {
      const { owner, object } = step.value
      if (this.#isLeftover(committer, owner, object))
        collect(leftovers, owner ?? `leftover/${committer.target.name}`, object)
      if (slice.over) break
      step = walk.next()
    }
    for (const [owner, objects] of leftovers) this.#context.remove(owner, objects, committer)
    return step.done === true
  }

  #isLeftover(committer: Committer, owner: OwnerKey | undefined, object: Desired): boolean {
    if (committer.claims.has(object.key)) return false
    // What cannot tell its owner may be wanted by any owner that could not be judged.
    if (owner === undefined) return this.#unjudged.size === 0
    const record = this.#context.records.get(owner)
    return record === undefined || !isUnjudged(record)
  }
}

const isUnjudged = (record: OwnerRecord): boolean => record.alive && !record.known

function collect(leftovers: Map<OwnerKey, Desired[]>, owner: OwnerKey, object: Desired): void {
  const objects = leftovers.get(owner)
  if (objects) objects.push(object)
  else leftovers.set(owner, [object])
}
