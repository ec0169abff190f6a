import { MapValue } from '../codec/map-value.ts'
import type { RowObject } from '../codec/row-class.ts'
import { SetValue } from '../codec/set-value.ts'
import type { Replica } from '../replica/replica.ts'
import type { TableSchema } from '../schema/types.ts'
import type { Overlay } from './overlay.ts'

/** A row that refers to another, and the column it does so in. */
export interface Referrer {
  readonly table: string
  readonly column: string
  readonly row: RowObject
}

/** Strong references to a row, in the tables held. Looks at an `element` index where there is one, at every row elsewhere. */
export function* referrers(replica: Replica, overlay: Overlay, table: string, uuid: string): Generator<Referrer> {
  for (const [name, schema] of Object.entries<TableSchema>(replica.server?.tables ?? {})) {
    if (!replica.tables.has(name)) continue
    for (const column of strongColumns(schema, table)) {
      if (!overlay.codec(name).has(column)) continue
      for (const row of candidates(replica, overlay, { name, column, uuid })) {
        if (refers(row[column], uuid)) yield { table: name, column, row }
      }
    }
  }
}

function strongColumns(schema: TableSchema, target: string): string[] {
  const refersTo = [
    (base: TableSchema['columns'][string]) => base.key,
    (base: TableSchema['columns'][string]) => base.value,
  ]
  return Object.entries(schema.columns)
    .filter(([, column]) => refersTo.some(of => of(column)?.refTable === target && of(column)?.refType === 'strong'))
    .map(([name]) => name)
}

function candidates(
  replica: Replica,
  overlay: Overlay,
  { name, column, uuid }: { readonly name: string; readonly column: string; readonly uuid: string },
): Iterable<RowObject> {
  const indexes = replica.tables.get(name)?.content.indexes ?? new Map()
  for (const [index, { element }] of indexes) if (element === column) return overlay.all(name, index, [uuid])
  return overlay.rows(name)
}

function refers(value: unknown, uuid: string): boolean {
  if (value instanceof SetValue) return value.has(uuid)
  return value instanceof MapValue ? [...value.values()].includes(uuid) : value === uuid
}
