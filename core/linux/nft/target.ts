import type { CommitResult, Desired, Held, Target, TargetBatch, TargetLimits, TargetSink } from '@ovnkit/reconcile'
import { forgetTranslations } from '../conntrack.ts'
import type { NetnsRef } from '../netns.ts'
import { NftBatch, type NftPlan } from './batch.ts'
import { NftChain, NftElement, NftSet, nftTargetName } from './desired.ts'
import { NftMirror } from './mirror.ts'
import { applyNft, NftError, type NftOptions, type NftTable } from './program.ts'

export interface NftTargetOptions {
  /** Tables that are ours as a whole: what is in them and nobody wants is removed. */
  readonly tables: readonly NftTable[]
  /** The process's own unless given. */
  readonly netns?: NetnsRef
  /** Called when a table could not be read, or old connections could not be forgotten. */
  readonly onError?: (error: unknown) => void
}

/**
 * Keeps tables of nftables as owners want them (NftChain, NftSet, NftElement), with one atomic transaction for all changes that come together.
 * Differences are taken by chain and element, so that a change costs what it changes. What others flush or remove is put back on the kernel's event.
 */
export class NftTarget implements Target, Disposable {
  readonly name = nftTargetName
  readonly limits: TargetLimits = { inFlight: 1, owners: 2000 }
  readonly #mirror: NftMirror
  readonly #options: NftOptions
  readonly #onError: (error: unknown) => void
  /** Objects by what they refer to and wait for. */
  readonly #waiting = new Map<string, Set<string>>()
  #sink: TargetSink | undefined

  private constructor({ tables, netns, onError = () => undefined }: NftTargetOptions) {
    this.#options = netns === undefined ? {} : { netns }
    this.#onError = onError
    this.#mirror = new NftMirror(tables, this.#options, {
      suspect: () => undefined,
      read: changed => (changed ? this.#sink?.resync() : this.#sink?.ready()),
      failed: onError,
    })
  }

  /** Reads what the tables hold. Rejects with NftError. */
  static async open(options: NftTargetOptions): Promise<NftTarget> {
    const target = new NftTarget(options)
    try {
      await target.#mirror.read()
      return target
    } catch (error) {
      target[Symbol.dispose]()
      throw error
    }
  }

  get ready(): boolean {
    return this.#mirror.complete
  }

  attach(sink: TargetSink): Disposable {
    this.#sink = sink
    return {
      [Symbol.dispose]: () => {
        this.#sink = undefined
      },
    }
  }

  begin(): TargetBatch {
    const batch: NftBatch = new NftBatch({
      mirror: this.#mirror,
      commit: (plan, signal) => this.#commit(plan, batch.resets, signal),
      waits: (reference, key) => this.#waiting.set(reference, (this.#waiting.get(reference) ?? new Set()).add(key)),
    })
    return batch
  }

  *held(): Generator<Held> {
    for (const key of this.#mirror.contents.keys()) yield { owner: undefined, object: heldObject(key) }
  }

  [Symbol.dispose](): void {
    this.#mirror[Symbol.dispose]()
  }

  async #commit({ script, outcome, flows }: NftPlan, resets: boolean, signal: AbortSignal): Promise<CommitResult> {
    if (signal.aborted) return { status: 'unavailable', message: 'stopped' }
    try {
      const alone = await this.#mirror.during(() => applyNft(script, this.#options))
      if (resets || !alone) return this.#lookAgain('somebody else changed the table at the same time')
      this.#mirror.apply(outcome)
    } catch (error) {
      return this.#failed(error)
    }
    await forgetTranslations(flows, this.#options.netns).catch(this.#onError)
    this.#wake(outcome)
    return { status: 'committed' }
  }

  #lookAgain(message: string): CommitResult {
    this.#mirror.reread()
    return { status: 'unknown', message }
  }

  /** A refusal may come from a table that is not as we thought. */
  async #failed(error: unknown): Promise<CommitResult> {
    const message = error instanceof Error ? error.message : String(error)
    if (!(error instanceof NftError) || error.stderr === '' || error.stderr.includes('Operation not permitted'))
      return { status: 'unavailable', message }
    try {
      if (!(await this.#mirror.read())) return { status: 'rejected', message }
    } catch (failure) {
      this.#onError(failure)
      return this.#lookAgain(message)
    }
    this.#sink?.resync()
    return { status: 'unknown', message }
  }

  #wake(outcome: ReadonlyMap<string, string | undefined>): void {
    for (const [reference, content] of outcome) {
      if (content === undefined) continue
      const waiting = this.#waiting.get(reference)
      this.#waiting.delete(reference)
      for (const key of waiting ?? []) this.#sink?.changed(key)
    }
  }
}

/** What a key stands for, as far as it takes to remove it. */
function heldObject(key: string): Desired {
  const [kind, family, tableName, name = '', ...element] = key.split(' ')
  const table = { family, name: tableName } as NftTable
  if (kind === 'chain') return new NftChain({ table, name, rules: [] })
  if (kind === 'set') return new NftSet({ table, name, type: '' })
  return new NftElement({ table, set: name, element: element.join(' ') })
}
