import type { ColumnSchema } from '../schema/types.ts'
import type { JsonObject } from '../wire/json.ts'
import { InvalidValueError } from './atom.ts'
import { type ColumnCodec, columnCodec } from './column.ts'
import type { Delta } from './delta.ts'
import { makeRowClass, type RowClass, type RowObject } from './row-class.ts'

/** A row as it was, as it is, and where they differ. */
export interface RowPatch {
  readonly row: RowObject
  readonly old: RowObject
  readonly columns: ReadonlySet<string>
  readonly deltas: ReadonlyMap<string, Delta>
}

export interface TableColumns {
  /** Columns that rows hold, as the server defines them. */
  readonly held: ReadonlyMap<string, ColumnSchema>
  /** Columns of our types that this server lacks: they read as their default. */
  readonly missing: ReadonlyMap<string, ColumnSchema>
  /** Columns that exist and were not asked for: reading them is a mistake, writing them is not. */
  readonly left: ReadonlyMap<string, ColumnSchema>
  readonly bigint: readonly string[]
}

/** All that is known about rows of one table on one server, specialised once. */
export class TableCodec {
  readonly name: string
  /** Codecs of the columns held. */
  readonly columns: ReadonlyMap<string, ColumnCodec>
  readonly #left = new Map<string, ColumnCodec>()
  readonly #missing: ReadonlyMap<string, ColumnSchema>
  readonly #rows: RowClass

  constructor(name: string, columns: TableColumns) {
    this.name = name
    this.columns = new Map(
      Array.from(columns.held, ([column, schema]) => [column, columnCodec(schema, columns.bigint.includes(column))]),
    )
    this.#rows = makeRowClass(this.columns)
    for (const [column, schema] of columns.missing) {
      Object.defineProperty(this.#rows.prototype, column, { value: columnCodec(schema).fallback })
    }
    this.#missing = columns.missing
    for (const [column, schema] of columns.left) {
      this.#left.set(column, columnCodec(schema))
      defineUnread(this.#rows.prototype, name, column)
    }
  }

  decode(uuid: string, wire: JsonObject): RowObject {
    return this.#rows.decode(uuid, wire)
  }

  /** The same row with some columns replaced by decoded values. */
  copy(row: RowObject, values: Readonly<Record<string, unknown>>): RowObject {
    return Object.assign(this.#rows.copy(row), values)
  }

  /** Applies a difference of update2/update3; undefined if it is none, such as the empty one that servers may send. */
  patch(old: RowObject, wire: JsonObject): RowPatch | undefined {
    const row = this.#rows.copy(old)
    const columns = new Set<string>()
    const deltas = new Map<string, Delta>()
    for (const column in wire) {
      const codec = this.columns.get(column)
      const diff = wire[column]
      if (codec === undefined || diff === undefined) continue
      const { value, delta } = codec.patch(old[column], diff)
      ;(row as Record<string, unknown>)[column] = value
      note(columns, deltas, column, delta)
    }
    return columns.size === 0 ? undefined : { row, old, columns, deltas }
  }

  /** How two rows differ; undefined if they don't. */
  compare(old: RowObject, row: RowObject): RowPatch | undefined {
    const columns = new Set<string>()
    const deltas = new Map<string, Delta>()
    for (const [column, codec] of this.columns) {
      const delta = codec.compare(old[column], row[column])
      if (delta) note(columns, deltas, column, delta)
    }
    return columns.size === 0 ? undefined : { row, old, columns, deltas }
  }

  /** Whether the server has the column and rows hold it. */
  has(column: string): boolean {
    return this.columns.has(column)
  }

  /** The codec of a column to write or to test. Throws InvalidValueError for one that this server lacks. */
  column(name: string): ColumnCodec {
    const codec = this.columns.get(name) ?? this.#left.get(name)
    if (codec) return codec
    const since = this.#missing.get(name)?.since
    throw new InvalidValueError(
      `a column of table ${this.name} on this server${since ? ` (${name} needs schema ${since})` : ''}`,
      name,
    )
  }
}

function note(columns: Set<string>, deltas: Map<string, Delta>, column: string, delta: Delta): void {
  columns.add(column)
  if (delta.added.length + delta.changed.length + delta.removed.length > 0) deltas.set(column, delta)
}

function defineUnread(prototype: object, table: string, column: string): void {
  Object.defineProperty(prototype, column, {
    get() {
      throw new Error(`${table}.${column} is not held: add it to the columns of the table when opening the database`)
    },
  })
}
