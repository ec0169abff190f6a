import type { RowObject } from '../codec/row-class.ts'

/** Rows read, by UUID, with the columns that were looked at. */
export type ReadColumns = Map<string, { readonly table: string; readonly columns: Set<string> }>

/** A view of a row that notes which columns are read. */
export function observeReads(reads: ReadColumns, table: string, row: RowObject): RowObject {
  const entry = reads.get(row._uuid) ?? { table, columns: new Set<string>() }
  return new Proxy(row, {
    get(target, column) {
      if (typeof column === 'string' && column !== '_uuid' && Object.hasOwn(target, column)) {
        entry.columns.add(column)
        reads.set(row._uuid, entry)
      }
      return Reflect.get(target, column)
    },
  })
}
