import { columnKind } from '../schema/types.ts'
import type { JsonObject } from '../wire/json.ts'
import type { ColumnCodec } from './column.ts'

/** A decoded row. Its own properties are the columns held; all rows of a table have one shape. */
export interface RowObject {
  readonly _uuid: string
  readonly [column: string]: unknown
}

export interface RowClass {
  readonly prototype: object
  decode(uuid: string, wire: JsonObject): RowObject
  copy(row: RowObject): Record<string, unknown> & RowObject
}

/** Column names come from schemas (`<id>`: letters, digits, underscores); what else there is must not become code. */
const columnName = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Source of the expression that decodes column number `i` from `v`. The commonest kinds are decoded in line. */
function decodeExpression(codec: ColumnCodec, i: number): string {
  const direct = codec.schema.key.type === 'boolean'
  switch (columnKind(codec.schema)) {
    case 'scalar':
      return direct ? 'v' : `decoders[${i}](v)`
    case 'optional':
      return direct ? `typeof v !== 'object' ? v : decoders[${i}](v)` : `decoders[${i}](v)`
    default:
      return `decoders[${i}](v)`
  }
}

/**
 * Makes the row class of a table: one constructor that assigns all columns in order, hence one hidden class, and a decoder
 * without a loop or switch. 4 to 5 times faster than filling an object in a loop (keyed stores), measured on Node 24.
 */
export function makeRowClass(columns: ReadonlyMap<string, ColumnCodec>): RowClass {
  const names = [...columns.keys()]
  const odd = names.find(name => !columnName.test(name))
  if (odd !== undefined) throw new Error(`expected a column name, got ${JSON.stringify(odd)}`)
  const parameters = names.map((_, i) => `c${i}`)
  const decoded = [...columns.values()].map(
    (codec, i) => `(v = wire.${names[i]}) === undefined ? defaults[${i}] : ${decodeExpression(codec, i)}`,
  )
  const source = `
    class Row { constructor(uuid, ${parameters.join(', ')}) { this._uuid = uuid; ${names.map((name, i) => `this.${name} = c${i};`).join(' ')} } }
    return {
      prototype: Row.prototype,
      decode(uuid, wire) { let v; return new Row(uuid, ${decoded.join(', ')}) },
      copy(row) { return new Row(row._uuid, ${names.map(name => `row.${name}`).join(', ')}) },
    }`
  const decoders = [...columns.values()].map(codec => codec.decode)
  const defaults = [...columns.values()].map(codec => codec.fallback)
  return new Function('decoders', 'defaults', source)(decoders, defaults)
}
