import type { Blocked, CommitResult, Desired, OwnerKey, TargetBatch } from '@ovnkit/reconcile'
import type { TranslatedFlow } from '../conntrack.ts'
import { isNftObject, type NftObject, NftSet, referencesOf, tableText } from './desired.ts'
import type { NftMirror } from './mirror.ts'
import type { NftTable } from './program.ts'
import { type NftChange, scriptOf } from './script.ts'

/** What a batch of changes comes to. */
export interface NftPlan {
  readonly script: string
  /** Contents by key once it is applied; undefined for what is gone. */
  readonly outcome: ReadonlyMap<string, string | undefined>
  readonly flows: readonly TranslatedFlow[]
}

export interface NftBatchOptions {
  readonly mirror: NftMirror
  readonly commit: (plan: NftPlan, signal: AbortSignal) => Promise<CommitResult>
  /** An object waits for what it refers to. */
  readonly waits: (reference: string, key: string) => void
}

/** Changes of several owners on their way into one transaction. */
export class NftBatch implements TargetBatch {
  readonly #options: NftBatchOptions
  readonly #changes = new Map<string, NftChange>()
  readonly #outcome = new Map<string, string | undefined>()
  readonly #resets = new Map<string, NftTable>()

  constructor(options: NftBatchOptions) {
    this.#options = options
  }

  get operations(): number {
    return this.#changes.size + this.#resets.size
  }

  add(_owner: OwnerKey, desired: readonly Desired[], removed: readonly Desired[]): Blocked | undefined {
    for (const object of removed.filter(isNftObject)) this.#remove(object)
    const wanted = desired.filter(isNftObject)
    const coming = new Set(wanted.map(({ key }) => key))
    const missing = new Set(wanted.flatMap(object => this.#wantIfPossible(object, coming)))
    return missing.size === 0 ? undefined : { message: `there is no nftables ${[...missing].join(', ')} yet` }
  }

  commit(signal: AbortSignal): Promise<CommitResult> {
    return this.#options.commit({ script: this.#script(), outcome: this.#outcome, flows: this.#flows() }, signal)
  }

  #now(key: string): string | undefined {
    return this.#outcome.has(key) ? this.#outcome.get(key) : this.#options.mirror.contents.get(key)
  }

  #remove(object: NftObject): void {
    if (this.#now(object.key) === undefined) return
    this.#change(object, this.#options.mirror.contents.has(object.key) ? 'remove' : undefined, undefined)
  }

  #want(object: NftObject): void {
    const now = this.#now(object.key)
    const { content } = object
    if (now === content) return
    // The declaration of a set that rules refer to cannot be changed: such a table is made anew.
    if (now !== undefined && object instanceof NftSet) this.#resets.set(tableText(object.spec.table), object.spec.table)
    this.#change(object, this.#options.mirror.contents.has(object.key) ? 'replace' : 'add', content)
  }

  /** @returns what it refers to and is not there */
  #wantIfPossible(object: NftObject, coming: ReadonlySet<string>): string[] {
    if (this.#now(object.key) === object.content) return []
    const missing = referencesOf(object).filter(key => !coming.has(key) && this.#now(key) === undefined)
    for (const reference of missing) this.#options.waits(reference, object.key)
    if (missing.length === 0) this.#want(object)
    return missing
  }

  #change(object: NftObject, action: NftChange['action'] | undefined, content: string | undefined): void {
    if (action === undefined) this.#changes.delete(object.key)
    else this.#changes.set(object.key, { object, action })
    this.#outcome.set(object.key, content)
  }

  #script(): string {
    if (this.#resets.size > 0) return this.#resets.values().map(removal).toArray().join('')
    const tables = this.#tables()
    const made = tables.filter(table => this.#options.mirror.size(table) === 0)
    return scriptOf([...this.#changes.values()], { made, removed: tables.filter(table => this.#empties(table)) })
  }

  #tables(): NftTable[] {
    const tables = [...this.#changes.values()].map(({ object }) => object.spec.table)
    return [...new Map(tables.map(table => [tableText(table), table])).values()]
  }

  #empties(table: NftTable): boolean {
    let size = this.#options.mirror.size(table)
    for (const { object, action } of this.#changes.values()) {
      if (tableText(object.spec.table) !== tableText(table)) continue
      if (action === 'add') size++
      if (action === 'remove') size--
    }
    return size === 0
  }

  /** Connections that were translated by what is gone or changed, and such as began while nothing translated them. */
  #flows(): TranslatedFlow[] {
    return [...this.#changes.values()].flatMap(({ object, action }) => {
      const flows = object instanceof NftSet ? [] : (object.spec.flows ?? [])
      return action === 'remove' ? flows.map(flow => ({ ...flow, to: [] })) : flows
    })
  }

  /** Whether a table goes as a whole, so that nothing of it is known any more. */
  get resets(): boolean {
    return this.#resets.size > 0
  }
}

const removal = (table: NftTable): string => `delete table ${tableText(table)}\n`
