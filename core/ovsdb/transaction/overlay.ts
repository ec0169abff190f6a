import { mapPairs } from '../codec/column.ts'
import { MapValue } from '../codec/map-value.ts'
import type { RowObject } from '../codec/row-class.ts'
import { SetValue } from '../codec/set-value.ts'
import type { TableCodec } from '../codec/table-codec.ts'
import type { Replica } from '../replica/replica.ts'
import type { Table } from '../replica/table.ts'
import { encodeRow } from './encode.ts'
import type { ColumnValues, Mutation } from './operations.ts'

/** The replica as it would look after the operations so far. Holds only rows that they touch. */
export class Overlay {
  readonly #replica: Replica
  /** By table and UUID; undefined = deleted here. */
  readonly #rows = new Map<string, Map<string, RowObject | undefined>>()

  constructor(replica: Replica) {
    this.#replica = replica
  }

  #table(name: string): Table {
    const table = this.#replica.tables.get(name)
    if (table) return table
    throw new Error(`table ${name} is not held: add it to the tables when opening the database`)
  }

  codec(table: string): TableCodec {
    return this.#table(table).content.codec
  }

  get(table: string, uuid: string): RowObject | undefined {
    const touched = this.#rows.get(table)
    return touched?.has(uuid) ? touched.get(uuid) : this.#table(table).get(uuid)
  }

  all(table: string, index: string, key: readonly unknown[]): RowObject[] {
    const replica = this.#table(table)
    const touched = this.#rows.get(table)
    const found = replica.all(index, ...key)
    if (!touched) return [...found]
    const hash = replica.content.indexes.get(index)
    const own = [...touched.values()].filter(row => row !== undefined).filter(row => hash?.matches(row, key))
    return [...found.filter(row => !touched.has(row._uuid)), ...own]
  }

  *rows(table: string): Generator<RowObject, undefined> {
    const touched = this.#rows.get(table)
    for (const row of this.#table(table).rows()) if (!touched?.has(row._uuid)) yield row
    for (const row of touched?.values() ?? []) if (row) yield row
  }

  set(table: string, uuid: string, row: RowObject | undefined): void {
    const touched = this.#rows.get(table) ?? new Map<string, RowObject | undefined>()
    this.#rows.set(table, touched)
    touched.set(uuid, row)
  }

  insert(table: string, uuid: string, values: ColumnValues): void {
    const codec = this.codec(table)
    this.set(table, uuid, codec.decode(uuid, encodeRow(codec, values)))
  }

  update(table: string, row: RowObject, values: ColumnValues): void {
    const codec = this.codec(table)
    const decoded = codec.decode(row._uuid, encodeRow(codec, values))
    const changes = Object.entries(values).filter(([column, value]) => value !== undefined && codec.has(column))
    this.set(
      table,
      row._uuid,
      codec.copy(row, Object.fromEntries(changes.map(([column]) => [column, decoded[column]]))),
    )
  }

  mutate(table: string, row: RowObject, mutation: Mutation): void {
    const codec = this.codec(table)
    if (!codec.has(mutation.column)) return
    this.set(table, row._uuid, codec.copy(row, { [mutation.column]: mutated(row[mutation.column], mutation) }))
  }
}

function mutated(value: unknown, mutation: Mutation): unknown {
  if (value instanceof SetValue && mutation.kind === 'addToSet') return value.with([...mutation.values], [])
  if (value instanceof SetValue && mutation.kind === 'removeFromSet') return value.with([], [...mutation.values])
  if (value instanceof MapValue && mutation.kind === 'setKeys') return value.with([...mapPairs(mutation.entries)], [])
  if (value instanceof MapValue && mutation.kind === 'deleteKeys') return value.with([], [...mutation.keys])
  if (mutation.kind !== 'increment') return value
  const sum = BigInt(value as number | bigint) + BigInt(mutation.by)
  return typeof value === 'number' && Number.isSafeInteger(Number(sum)) ? Number(sum) : sum
}
