import { type BaseType, type ColumnSchema, columnKind, type TableSchema } from '../types.ts'

/** Turns columns into TypeScript types (names of `@ovnkit/ovsdb` that are used: Uuid, OvsSet, OvsMap, ...Input, Int64). */

/** Unbounded integers that can really pass 2^53: counters. Sequence numbers and timestamps in ms cannot in practice. */
const counterColumns = new Set(['statistics', 'rstp_statistics'])

export function atomType(base: BaseType, column: string): string {
  if (base.enum)
    return base.enum
      .map(value => JSON.stringify(value))
      .join(' | ')
      .replaceAll('"', "'")
  switch (base.type) {
    case 'integer':
      return counterColumns.has(column) ? 'Int64' : 'number'
    case 'real':
      return 'number'
    case 'uuid':
      return base.refTable ? `Uuid<'${base.refTable}'>` : 'Uuid'
    default:
      return base.type
  }
}

export function readType(name: string, column: ColumnSchema): string {
  const atom = atomType(column.key, name)
  switch (columnKind(column)) {
    case 'scalar':
      return atom
    case 'optional':
      return `${atom} | undefined`
    case 'set':
      return `OvsSet<${atom}>`
    case 'map':
      return `OvsMap<${atom}, ${column.value ? atomType(column.value, name) : 'never'}>`
  }
}

/** What inserts and updates take; null clears an optional column. */
export function writeType(name: string, column: ColumnSchema): string {
  const atom = atomType(column.key, name)
  switch (columnKind(column)) {
    case 'scalar':
      return atom
    case 'optional':
      return `${atom} | null`
    case 'set':
      return column.min === 1 ? `NonEmptySetInput<${atom}>` : `SetInput<${atom}>`
    case 'map':
      return `MapInput<${atom}, ${column.value ? atomType(column.value, name) : 'never'}>`
  }
}

/**
 * Whether an insert must give the column: its default (0, "", false, the zero UUID) breaks a constraint that is checked
 * on insert or at commit. Only enums and strong references can; other limits are checked on values given, too, but their
 * defaults are legal in every schema known.
 */
export function requiredOnInsert(column: ColumnSchema): boolean {
  if (column.min === 0) return false
  const { key } = column
  if (key.refTable) return true
  if (!key.enum) return false
  const fallback = { integer: 0, real: 0, boolean: false, string: '', uuid: '' }[key.type]
  return !key.enum.includes(fallback)
}

export const isReadOnly = (column: ColumnSchema): boolean => column.mutable === false

export function columnsOf(table: TableSchema): [string, ColumnSchema][] {
  return Object.entries(table.columns).filter(([name]) => !name.startsWith('_'))
}
