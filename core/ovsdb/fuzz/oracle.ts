import { isDeepStrictEqual } from 'node:util'
import type { Batch, Database, TableChanges } from '../index.ts'
import { select } from '../index.ts'
import type { FactsTables } from '../testing/facts.ts'

/** Rows as text with sorted collections. */
export type PlainTable = ReadonlyMap<string, string>

const tables = ['Item', 'Child', 'Peer'] as const

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

/** A column as text; sets and maps in a canonical order. */
function plainColumn(value: unknown): string {
  if (isIterable(value)) return `{${[...value].map(plainColumn).toSorted().join(';')}}`
  return typeof value === 'bigint' ? `${value}` : (JSON.stringify(value) ?? 'none')
}

/** A row as text. */
export function plainRow(row: object): string {
  return Object.entries(row)
    .map(([column, value]) => `${column}=${plainColumn(value)}`)
    .join(' ')
}

export function plainReplica(db: Database<FactsTables>): Map<string, PlainTable> {
  return new Map(tables.map(name => [name, new Map([...db.table(name).rows()].map(row => [row._uuid, plainRow(row)]))]))
}

/** What the server itself says: every table by `select`, in one transaction, read through a second replica's codecs. */
export async function plainServer(db: Database<FactsTables>): Promise<Map<string, PlainTable> | undefined> {
  const columns = (name: (typeof tables)[number]) => ['_uuid', ...Object.keys(db.schema.tables[name].columns)]
  const outcome = await db.transact(tables.map(name => select(name, columns(name))))
  if (outcome.status !== 'committed') return undefined
  return new Map(tables.map((name, i) => [name, wireTable(db, name, outcome.results[i]?.rows ?? [])]))
}

function wireTable(db: Database<FactsTables>, name: (typeof tables)[number], rows: readonly object[]): PlainTable {
  const kinds = db.schema.tables[name].columns
  return new Map(
    rows.map(row => {
      const uuid = String(Reflect.get(Reflect.get(row, '_uuid'), '1'))
      const columns = Object.entries(kinds).map(([column, { max, value }]) => {
        return `${column}=${plainWire(Reflect.get(row, column), value !== undefined || max !== 1)}`
      })
      return [uuid, [`_uuid="${uuid}"`, ...columns].join(' ')]
    }),
  )
}

function plainWire(wire: unknown, collection: boolean): string {
  if (!Array.isArray(wire)) return collection ? `{${plainColumn(wire)}}` : plainColumn(wire)
  const [tag, content]: unknown[] = wire
  if (tag === 'uuid') return collection ? `{${plainColumn(content)}}` : plainColumn(content)
  const items: readonly unknown[] = Array.isArray(content) ? content : []
  if (tag === 'map')
    return `{${items
      .map(pair => plainColumn(pair))
      .toSorted()
      .join(';')}}`
  if (!collection) return items.length === 0 ? 'none' : plainColumn(items[0])
  return `{${items
    .map(item => plainColumn(Array.isArray(item) ? item[1] : item))
    .toSorted()
    .join(';')}}`
}

/** Rebuilds the content from batches alone and checks that each says the truth about what was before. */
export class BatchFollower {
  readonly tables = new Map<string, Map<string, string>>(tables.map(name => [name, new Map()]))
  readonly mistakes: string[] = []

  follow(batch: Batch<FactsTables>): void {
    for (const [name, changes] of batch.tables) this.#followTable(name, changes)
  }

  #followTable(name: string, { inserted, deleted, updated }: TableChanges<object>): void {
    const table = this.tables.get(name) ?? new Map<string, string>()
    for (const row of deleted) {
      this.#expect(`deleted ${name}`, plainRow(row), table.get(uuidOf(row)))
      table.delete(uuidOf(row))
    }
    for (const row of inserted) {
      this.#expect(`inserted ${name}`, undefined, table.get(uuidOf(row)))
      table.set(uuidOf(row), plainRow(row))
    }
    for (const { row, old, columns, deltas } of updated) {
      this.#expect(`updated ${name}`, plainRow(old), table.get(uuidOf(row)))
      this.#expect(`columns of ${name}`, changedColumns(old, row).join(), [...columns].toSorted().join())
      for (const [column, delta] of deltas)
        this.#checkDelta(`${name}.${column}`, [Reflect.get(old, column), Reflect.get(row, column)], delta)
      table.set(uuidOf(row), plainRow(row))
    }
  }

  #checkDelta(
    what: string,
    [before, after]: readonly [Iterable<unknown>, Iterable<unknown>],
    delta: {
      readonly added: readonly unknown[]
      readonly changed: readonly unknown[]
      readonly removed: readonly unknown[]
    },
  ): void {
    const key = (item: unknown): unknown => (Array.isArray(item) ? item[0] : item)
    const [a, b] = [new Set([...before].map(key)), new Set([...after].map(key))]
    this.#expect(`added to ${what}`, plainColumn([...b].filter(item => !a.has(item))), plainColumn(delta.added))
    this.#expect(`removed from ${what}`, plainColumn([...a].filter(item => !b.has(item))), plainColumn(delta.removed))
  }

  #expect(what: string, expected: unknown, got: unknown): void {
    if (!isDeepStrictEqual(expected, got)) this.mistakes.push(`${what}: expected ${expected}, got ${got}`)
  }
}

function uuidOf(row: object): string {
  return String(Reflect.get(row, '_uuid'))
}

function changedColumns(old: object, row: object): string[] {
  return Object.keys(row)
    .filter(column => plainColumn(Reflect.get(old, column)) !== plainColumn(Reflect.get(row, column)))
    .toSorted()
}
