import { TableCodec, type TableColumns } from '../codec/table-codec.ts'
import type { ColumnSchema, DatabaseSchema, TableSchema } from '../schema/types.ts'
import type { TableOptions } from '../types.ts'

/** The server lacks a column (or table) that was declared required. */
export class SchemaTooOldError extends Error {
  override readonly name = 'SchemaTooOldError'
  readonly code = 'schema too old'
}

export interface TablePlanned {
  readonly codec: TableCodec
  readonly columns: TableColumns
}

type Columns = ReadonlyMap<string, ColumnSchema>

function columnsOf(table: TableSchema | undefined): Columns {
  return new Map(Object.entries(table?.columns ?? {}).filter(([name]) => !name.startsWith('_')))
}

/** What rows of a table hold on this server: the intersection of what is wanted and what exists. */
export function tableColumns(
  name: string,
  wanted: TableSchema | undefined,
  server: TableSchema | undefined,
  options: TableOptions,
): TableColumns {
  const [known, there] = [columnsOf(wanted), columnsOf(server)]
  const names = options.columns ?? [...known.keys()]
  const lacking = (options.required ?? []).filter(column => !there.has(column))
  if (lacking.length > 0) {
    const hints = lacking.map(column => `${name}.${column} (schema ${known.get(column)?.since ?? 'unknown'})`)
    throw new SchemaTooOldError(`the server lacks ${hints.join(', ')}: upgrade its database`)
  }
  const held = new Map(names.flatMap(column => entryOf(there, column)))
  const missing = new Map([...known].filter(([column]) => !there.has(column)))
  const left = new Map([...there].filter(([column]) => !held.has(column)))
  return { held, missing, left, bigint: options.bigint ?? [] }
}

function entryOf(columns: Columns, name: string): [string, ColumnSchema][] {
  const column = columns.get(name)
  return column ? [[name, column]] : []
}

/** Codecs of the tables to hold. Those whose columns are as before stay the same object. */
export function planTables(
  wanted: DatabaseSchema,
  server: DatabaseSchema | undefined,
  options: Readonly<Record<string, TableOptions>>,
  before: ReadonlyMap<string, TablePlanned>,
): Map<string, TablePlanned> {
  return new Map(
    Object.entries(options).map(([name, table]) => {
      // Before the first connection nothing is known, hence nothing lacking.
      const demands = server ? table : { ...table, required: [] }
      const columns = tableColumns(name, wanted.tables[name], server?.tables[name], demands)
      const old = before.get(name)
      if (old && sameColumns(old.columns, columns)) return [name, old]
      return [name, { codec: new TableCodec(name, columns), columns }]
    }),
  )
}

function sameColumns(a: TableColumns, b: TableColumns): boolean {
  const text = ({ held, missing, left }: TableColumns): string => JSON.stringify([[...held], [...missing], [...left]])
  return text(a) === text(b)
}
