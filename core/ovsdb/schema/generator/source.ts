import type { BaseType, ColumnSchema, DatabaseSchema, TableSchema } from '../types.ts'
import type { ManualDocs } from './manual.ts'

/**
 * What a typed file is emitted from, kept beside it as JSON: several versions of a schema merged into one, with the
 * manual's sentences. Merging the same version twice changes nothing.
 */
export interface Source {
  readonly schema: DatabaseSchema
  /** Versions merged so far, oldest first. */
  readonly versions: readonly string[]
  readonly docs: ManualDocs
}

function compareVersions(a: string, b: string): number {
  const [x, y] = [a, b].map(version => version.split('.').map(Number))
  for (let i = 0; i < 3; i++) {
    const difference = (x?.[i] ?? 0) - (y?.[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** An enum takes all values known to any version; other limits are those of the newest. */
function mergeBase(older: BaseType, newer: BaseType): BaseType {
  if (!older.enum || !newer.enum) return newer
  return { ...newer, enum: [...new Set([...older.enum, ...newer.enum])] }
}

function mergeColumn(older: ColumnSchema | undefined, newer: ColumnSchema, since: string): ColumnSchema {
  if (!older) return { ...newer, since }
  const mapped = older.value && newer.value ? { value: mergeBase(older.value, newer.value) } : {}
  return { ...newer, key: mergeBase(older.key, newer.key), ...mapped, ...(older.since ? { since: older.since } : {}) }
}

function mergeTable(older: TableSchema | undefined, newer: TableSchema, since: string): TableSchema {
  if (!older) return { ...newer, since }
  const columns = Object.entries(newer.columns).map(([name, column]) => [
    name,
    mergeColumn(older.columns[name], column, since),
  ])
  return {
    ...newer,
    columns: { ...older.columns, ...Object.fromEntries(columns) },
    ...(older.since ? { since: older.since } : {}),
  }
}

function mergeDocs(older: ManualDocs, newer: ManualDocs, schema: DatabaseSchema): ManualDocs {
  const tables = Object.keys(schema.tables).map(name => {
    const [a, b] = [older[name], newer[name]]
    const doc = b?.doc ?? a?.doc
    const keys = { ...a?.keys, ...b?.keys }
    return [name, { ...(doc && { doc }), columns: { ...a?.columns, ...b?.columns }, keys }]
  })
  return Object.fromEntries(tables)
}

/** Adds a schema version and its manual. Older versions than one already merged must come first: throws otherwise. */
export function mergeSource(source: Source | undefined, schema: DatabaseSchema, docs: ManualDocs): Source {
  if (!source) return { schema, versions: [schema.version], docs: mergeDocs({}, docs, schema) }
  if (source.versions.includes(schema.version)) return source
  if (compareVersions(schema.version, source.schema.version) < 0) {
    throw new Error(`${schema.name} ${schema.version} must be merged before ${source.schema.version}: start anew`)
  }
  const tables = Object.entries(schema.tables).map(([name, table]) => [
    name,
    mergeTable(source.schema.tables[name], table, schema.version),
  ])
  const merged = { ...schema, tables: { ...source.schema.tables, ...Object.fromEntries(tables) } }
  return { schema: merged, versions: [...source.versions, schema.version], docs: mergeDocs(source.docs, docs, merged) }
}
