import type { RowObject } from '../codec/row-class.ts'
import type { Uuid } from '../schema/values.ts'
import type { TableReplica } from '../types.ts'
import type { TableContent } from './content.ts'

/** What programs hold of a table, for good: it shows whatever content is current. */
export class Table implements TableReplica<RowObject> {
  readonly name: string
  #content: TableContent

  constructor(name: string, content: TableContent) {
    this.name = name
    this.#content = content
  }

  get content(): TableContent {
    return this.#content
  }

  adopt(content: TableContent): void {
    this.#content = content
  }

  get size(): number {
    return this.#content.rows.size
  }

  get(uuid: string): RowObject | undefined {
    return this.#content.get(uuid)
  }

  *rows(): Generator<RowObject, undefined> {
    const content = this.#content
    for (const uuid of content.rows.keys()) {
      const row = content.get(uuid)
      if (row) yield row
    }
  }

  *uuids(): Generator<Uuid, undefined> {
    for (const uuid of this.#content.rows.keys()) yield uuid as Uuid
  }

  one(): RowObject | undefined {
    const first = this.#content.rows.keys().next()
    return first.done ? undefined : this.get(first.value)
  }

  by(index: string, ...key: readonly unknown[]): RowObject | undefined {
    const found = this.#index(index).find(key)
    if (typeof found === 'string') return this.get(found)
    for (const uuid of found ?? []) return this.get(uuid)
    return undefined
  }

  all(index: string, ...key: readonly unknown[]): readonly RowObject[] {
    const found = this.#index(index).find(key)
    if (found === undefined) return []
    const uuids = typeof found === 'string' ? [found] : [...found]
    return uuids.map(uuid => this.get(uuid)).filter(row => row !== undefined)
  }

  has(column: string): boolean {
    return this.#content.codec.has(column)
  }

  #index(name: string) {
    const index = this.#content.indexes.get(name)
    if (index) return index
    const known = [...this.#content.indexes.keys()].join(', ') || 'none'
    throw new Error(`table ${this.name} has no index ${name} (declared when opening: ${known})`)
  }
}
