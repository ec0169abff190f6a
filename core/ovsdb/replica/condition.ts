import type { TableCodec } from '../codec/table-codec.ts'
import type { WireClause, WireCondition } from '../connection/types.ts'
import { columnKind } from '../schema/types.ts'
import type { Clause } from '../types.ts'

/** Encodes the clauses of a condition with the server's column types. Throws InvalidValueError. */
export function encodeCondition(codec: TableCodec, clauses: readonly Clause[]): WireCondition {
  return clauses.map(clause => encodeClause(codec, clause))
}

function encodeClause(codec: TableCodec, clause: Clause): WireClause {
  if (typeof clause === 'boolean') return clause
  const [name, fn, value] = clause
  if (name === '_uuid') return [name, fn, ['uuid', String(value)]]
  const column = codec.column(name)
  const single = columnKind(column.schema) === 'set' && (typeof value !== 'object' || value === null)
  return [name, fn, column.encode(single ? [value] : value)]
}
