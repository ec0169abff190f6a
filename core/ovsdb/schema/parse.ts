import type { AtomicType, BaseType, ColumnSchema, DatabaseSchema, TableSchema } from './types.ts'

/** A schema document that does not follow RFC 7047 section 3.2. `path` names the place. */
export class SchemaError extends Error {
  readonly code = 'schema'
  readonly path: string
  constructor(path: string, expected: string, got: unknown) {
    super(`schema: ${path || 'document'}: expected ${expected}, got ${JSON.stringify(got)}`)
    this.name = 'SchemaError'
    this.path = path
  }
}

type Members = Readonly<Record<string, unknown>>

const atomicTypes: readonly string[] = ['integer', 'real', 'boolean', 'string', 'uuid'] satisfies AtomicType[]

function isAtomicType(value: unknown): value is AtomicType {
  return typeof value === 'string' && atomicTypes.includes(value)
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function object(value: unknown, path: string): Members {
  if (!isObject(value)) throw new SchemaError(path, 'an object', value)
  return value
}

function text(value: unknown, path: string): string {
  if (typeof value !== 'string') throw new SchemaError(path, 'a string', value)
  return value
}

function optionalNumber(name: string, json: Members, path: string): Record<string, number> {
  const value = json[name]
  if (value === undefined) return {}
  if (typeof value !== 'number') throw new SchemaError(`${path}.${name}`, 'a number', value)
  return { [name]: value }
}

/** An enum is a bare atom or `["set", [...]]`. */
function enumValues(value: unknown, path: string): { enum?: (string | number | boolean)[] } {
  if (value === undefined) return {}
  const list: unknown = Array.isArray(value) && value[0] === 'set' ? value[1] : [value]
  if (!Array.isArray(list)) throw new SchemaError(path, 'a set of atoms', value)
  const atoms = list.filter(v => typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean')
  if (atoms.length !== list.length) throw new SchemaError(path, 'a set of atoms', value)
  return { enum: atoms }
}

function reference(json: Members, path: string): Pick<BaseType, 'refTable' | 'refType'> {
  if (json.refTable === undefined) return {}
  const refType = json.refType ?? 'strong'
  if (refType !== 'strong' && refType !== 'weak') throw new SchemaError(`${path}.refType`, 'strong or weak', refType)
  return { refTable: text(json.refTable, `${path}.refTable`), refType }
}

const limits = ['minInteger', 'maxInteger', 'minReal', 'maxReal', 'minLength', 'maxLength'] as const

function parseBaseType(value: unknown, path: string): BaseType {
  if (isAtomicType(value)) return { type: value }
  const json = object(value, path)
  if (!isAtomicType(json.type)) throw new SchemaError(`${path}.type`, 'an atomic type', json.type)
  const bounds = Object.assign({}, ...limits.map(name => optionalNumber(name, json, path)))
  return { type: json.type, ...enumValues(json.enum, `${path}.enum`), ...bounds, ...reference(json, path) }
}

function parseType(value: unknown, path: string): Pick<ColumnSchema, 'key' | 'value' | 'min' | 'max'> {
  if (isAtomicType(value)) return { key: { type: value }, min: 1, max: 1 }
  const json = object(value, path)
  const { min = 1, max = 1 } = json
  if (min !== 0 && min !== 1) throw new SchemaError(`${path}.min`, '0 or 1', min)
  if (max !== 'unlimited' && !(typeof max === 'number' && max >= 1)) {
    throw new SchemaError(`${path}.max`, 'a positive number or "unlimited"', max)
  }
  const mapped = json.value === undefined ? {} : { value: parseBaseType(json.value, `${path}.value`) }
  return { key: parseBaseType(json.key, `${path}.key`), ...mapped, min, max }
}

function parseColumn(value: unknown, path: string): ColumnSchema {
  const json = object(value, path)
  return {
    ...parseType(json.type, `${path}.type`),
    ...(json.ephemeral === true ? { ephemeral: true } : {}),
    ...(json.mutable === false ? { mutable: false } : {}),
  }
}

function parseIndexes(value: unknown, path: string): string[][] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw new SchemaError(path, 'an array of arrays', value)
  return value.map((index: unknown) => {
    if (!Array.isArray(index)) throw new SchemaError(path, 'an array of column names', index)
    return index.map(column => text(column, path))
  })
}

function parseTable(value: unknown, path: string, anyRoot: boolean): TableSchema {
  const json = object(value, path)
  const columns = Object.entries(object(json.columns, `${path}.columns`)).map(([name, column]) => [
    name,
    parseColumn(column, `${path}.${name}`),
  ])
  return {
    columns: Object.fromEntries(columns),
    isRoot: !anyRoot || json.isRoot === true,
    ...optionalNumber('maxRows', json, path),
    indexes: parseIndexes(json.indexes, `${path}.indexes`),
  }
}

/**
 * Reads a `<database-schema>` (RFC 7047 section 3.2), as in an `.ovsschema` file or the server's `get_schema` reply.
 * If no table says `isRoot`, all are roots. Throws SchemaError.
 */
export function parseSchema(document: unknown): DatabaseSchema {
  const json = object(document, '')
  const tables = Object.entries(object(json.tables, 'tables'))
  const anyRoot = tables.some(([, table]) => isObject(table) && table.isRoot === true)
  return {
    name: text(json.name, 'name'),
    version: text(json.version, 'version'),
    tables: Object.fromEntries(tables.map(([name, table]) => [name, parseTable(table, name, anyRoot)])),
  }
}
