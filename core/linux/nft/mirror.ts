import { tableOfKey, tableText } from './desired.ts'
import { type NftSubscription, subscribeNft } from './events.ts'
import { type Contents, parseListing } from './listing.ts'
import { listTable, type NftOptions, type NftTable } from './program.ts'

export interface MirrorHandlers {
  /** Somebody else changed one of the tables; `complete` is false until it was read again. */
  suspect(): void
  /** The tables were read again. */
  read(changed: boolean): void
  failed(error: unknown): void
}

const retryMs = 1000

/** What our tables hold. Kept by what we do ourselves; when somebody else changes them, they are read again. */
export class NftMirror implements Disposable {
  readonly #tables: readonly NftTable[]
  readonly #options: NftOptions
  readonly #handlers: MirrorHandlers
  readonly #names: ReadonlySet<string>
  readonly #events: NftSubscription
  readonly #sizes = new Map<string, number>()
  #contents: Contents = new Map()
  #reading: Promise<void> | undefined
  #stale = true
  #open = true
  /** While a transaction of ours is on its way: how many changed our tables. */
  #own: number | undefined

  constructor(tables: readonly NftTable[], options: NftOptions, handlers: MirrorHandlers) {
    this.#tables = tables
    this.#options = options
    this.#handlers = handlers
    this.#names = new Set(tables.map(tableText))
    this.#events = subscribeNft(options.netns ?? 'host', changed => this.#changed(changed))
  }

  get complete(): boolean {
    return !this.#stale && this.#reading === undefined
  }

  get contents(): ReadonlyMap<string, string> {
    return this.#contents
  }

  /** Number of objects in a table. */
  size(table: NftTable): number {
    return this.#sizes.get(tableText(table)) ?? 0
  }

  /** Takes over what a transaction of ours did. */
  apply(changes: ReadonlyMap<string, string | undefined>): void {
    for (const [key, content] of changes) {
      const change = Number(content !== undefined) - Number(this.#contents.has(key))
      if (content === undefined) this.#contents.delete(key)
      else this.#contents.set(key, content)
      this.#grow(key, change)
    }
  }

  /** Runs a transaction of ours. Resolves to whether nobody else changed our tables meanwhile. */
  async during(transaction: () => Promise<void>): Promise<boolean> {
    this.#own = 0
    try {
      await transaction()
    } finally {
      this.#events.drain()
    }
    const alone = this.#own <= 1
    this.#own = undefined
    return alone
  }

  /** Reads all tables, again if they change meanwhile. Resolves to whether they are other than thought. */
  async read(): Promise<boolean> {
    this.#own = undefined
    this.#stale = true
    let different = false
    while (this.#stale && this.#open) {
      this.#stale = false
      const contents: Contents = new Map()
      for (const table of this.#tables) {
        const listing = await listTable(table, this.#options)
        for (const [key, content] of parseListing(listing, table)) contents.set(key, content)
      }
      different ||= !same(contents, this.#contents)
      this.#contents = contents
      this.#count()
    }
    return different
  }

  [Symbol.dispose](): void {
    this.#open = false
    this.#events[Symbol.dispose]()
  }

  #changed(changed: ReadonlySet<string> | 'everything'): void {
    if (changed !== 'everything' && !changed.values().some(table => this.#names.has(table))) return
    if (this.#own !== undefined) this.#own += changed === 'everything' ? 2 : 1
    else this.reread()
  }

  /** Reads again in the background, and says so. */
  reread(): void {
    this.#stale = true
    if (this.#reading !== undefined || !this.#open) return
    this.#handlers.suspect()
    this.#reading = this.#readAgain()
  }

  async #readAgain(): Promise<void> {
    try {
      const different = await this.read()
      this.#reading = undefined
      this.#handlers.read(different)
    } catch (error) {
      this.#reading = undefined
      this.#handlers.failed(error)
      setTimeout(() => this.reread(), retryMs).unref()
    }
  }

  #count(): void {
    this.#sizes.clear()
    for (const key of this.#contents.keys()) this.#grow(key, 1)
  }

  #grow(key: string, change: number): void {
    const table = tableOfKey(key)
    this.#sizes.set(table, (this.#sizes.get(table) ?? 0) + change)
  }
}

function same(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && a.entries().every(([key, content]) => b.get(key) === content)
}
