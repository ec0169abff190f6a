import { isDeepStrictEqual } from 'node:util'
import type {
  Blocked,
  CommitResult,
  Desired,
  Held,
  OwnerKey,
  Target,
  TargetBatch,
  TargetLimits,
  TargetSink,
} from './target.ts'

/** A thing in a `MemoryTarget`. */
export class MemoryObject implements Desired {
  readonly target: string
  readonly key: string
  readonly value: unknown
  readonly shared: boolean
  /** Keys that must exist (or come in the same batch), or this one is blocked. */
  readonly needs: readonly string[]

  constructor(
    target: string,
    key: string,
    value: unknown = key,
    { shared = false, needs = [] }: { shared?: boolean; needs?: readonly string[] } = {},
  ) {
    this.target = target
    this.key = key
    this.value = value
    this.shared = shared
    this.needs = needs
  }
}

interface Content {
  /** Undefined for shared things: they carry no mark of one owner. */
  readonly owner: OwnerKey | undefined
  readonly value: unknown
}

type Change = { readonly owner: OwnerKey; readonly key: string; readonly content: Content | undefined }

/**
 * A target in memory, for tests: transactional, with events, and with faults on demand. It refuses what a real target
 * would not survive, so that a mistake of the engine fails the test that makes it.
 */
export class MemoryTarget implements Target {
  readonly name: string
  readonly limits: TargetLimits
  readonly content = new Map<string, Content>()
  /** The owners of each batch that was sent, in order; refused ones too. */
  readonly batches: OwnerKey[][] = []
  /** Says why a change must be refused, or undefined. */
  refuse: (owner: OwnerKey, key: string, value: unknown) => string | undefined = () => undefined
  /** Whether a refusal tells the owner. */
  tellSuspect = false
  /** Outcomes for the next batches, before anything is looked at. `lost` applies the batch, but the answer is unknown. */
  readonly script: ('unavailable' | 'unknown' | 'lost')[] = []
  /** Awaited before each batch is applied: holds batches in flight. */
  gate: () => Promise<void> = async () => {}
  readonly #waiting = new Map<string, Set<string>>()
  #ready = true
  /** Several: a leader and its standbys. */
  readonly #sinks = new Set<TargetSink>()

  constructor(name = 'memory', limits: Partial<TargetLimits> = {}) {
    this.name = name
    this.limits = { inFlight: 1, owners: 1000, ...limits }
  }

  get ready(): boolean {
    return this.#ready
  }

  attach(sink: TargetSink): Disposable {
    this.#sinks.add(sink)
    return { [Symbol.dispose]: () => void this.#sinks.delete(sink) }
  }

  begin(): TargetBatch {
    return new MemoryBatch(this)
  }

  *held(): Generator<Held> {
    for (const [key, { owner, value }] of this.content) {
      yield { owner, object: new MemoryObject(this.name, key, value, { shared: owner === undefined }) }
    }
  }

  holder(key: string): OwnerKey | undefined {
    return this.content.get(key)?.owner
  }

  /** What somebody else does to the target; undefined removes. */
  disturb(key: string, content: Content | undefined): void {
    this.#put(key, content)
  }

  /** Everything is lost, as after a restore from nothing. */
  wipe(): void {
    this.content.clear()
    for (const sink of this.#sinks) sink.resync()
  }

  disconnect(): void {
    this.#ready = false
  }

  connect(): void {
    this.#ready = true
    for (const sink of this.#sinks) sink.ready()
  }

  async apply(changes: readonly Change[]): Promise<CommitResult> {
    this.batches.push([...new Set(changes.map(({ owner }) => owner))])
    await this.gate()
    const scripted = this.script.shift()
    if (scripted === 'unavailable' || scripted === 'unknown')
      return { status: scripted, message: `scripted: ${scripted}` }
    for (const { owner, key, content } of changes) {
      const message = this.refuse(owner, key, content?.value)
      if (message) return { status: 'rejected', message, ...(this.tellSuspect && { suspect: owner }) }
    }
    for (const { key, content } of changes) this.#put(key, content)
    return scripted ? { status: 'unknown', message: 'scripted: the answer is lost' } : { status: 'committed' }
  }

  /** Tells the engine when `needed` appears. */
  waitFor(needed: string, key: string): void {
    const waiting = this.#waiting.get(needed) ?? new Set()
    this.#waiting.set(needed, waiting.add(key))
  }

  /** Keys and values, sorted: what tests compare. */
  dump(): Record<string, unknown> {
    return Object.fromEntries(
      [...this.content].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, { value }]) => [key, value]),
    )
  }

  #put(key: string, content: Content | undefined): void {
    if (content) this.content.set(key, content)
    else this.content.delete(key)
    const concerned = [key, ...(this.#waiting.get(key) ?? [])]
    this.#waiting.delete(key)
    for (const sink of this.#sinks) for (const changed of concerned) sink.changed(changed)
  }
}

class MemoryBatch implements TargetBatch {
  readonly #target: MemoryTarget
  readonly #changes: Change[] = []
  readonly #coming = new Set<string>()

  constructor(target: MemoryTarget) {
    this.#target = target
  }

  get operations(): number {
    return this.#changes.length
  }

  add(owner: OwnerKey, desired: readonly Desired[], removed: readonly Desired[]): Blocked | undefined {
    let blocked: Blocked | undefined
    for (const object of desired) blocked = this.#ensure(owner, asMemoryObject(object)) ?? blocked
    for (const { key } of removed) {
      if (this.#target.content.has(key)) this.#changes.push({ owner, key, content: undefined })
    }
    return blocked
  }

  commit(): Promise<CommitResult> {
    return this.#target.apply(this.#changes)
  }

  #ensure(owner: OwnerKey, object: MemoryObject): Blocked | undefined {
    const missing = object.needs.find(key => !this.#target.content.has(key) && !this.#coming.has(key))
    if (missing !== undefined) {
      this.#target.waitFor(missing, object.key)
      return { message: `${missing} does not exist` }
    }
    const content: Content = { owner: object.shared ? undefined : owner, value: object.value }
    if (isDeepStrictEqual(this.#target.content.get(object.key), content)) return undefined
    this.#coming.add(object.key)
    this.#changes.push({ owner, key: object.key, content })
    return undefined
  }
}

function asMemoryObject(object: Desired): MemoryObject {
  if (object instanceof MemoryObject) return object
  throw new TypeError(`a MemoryTarget takes MemoryObjects, got ${object.constructor.name} ${object.key}`)
}
