import { InvalidValueError } from '../codec/atom.ts'
import { mapPairs } from '../codec/column.ts'
import type { TableCodec } from '../codec/table-codec.ts'
import { columnKind } from '../schema/types.ts'
import type { Json, JsonArray, JsonObject } from '../wire/json.ts'
import type { AbsentOperation, ColumnValues, Mutation, Operation, WaitOperation } from './operations.ts'
import { OvsdbError } from './outcome.ts'

/** Finds the codec of any table that the server has. */
export type CodecOf = (table: string) => TableCodec | undefined

const byUuid = (uuid: string): JsonArray => [['_uuid', '==', ['uuid', uuid]]]

/** The wire form of column values; columns that are undefined are left out. Throws InvalidValueError. */
export function encodeRow(codec: TableCodec, values: ColumnValues): { readonly [column: string]: Json } {
  const row: Record<string, Json> = {}
  for (const [column, value] of Object.entries(values)) {
    if (value !== undefined && column !== '_uuid') row[column] = encodeColumn(codec, column, value)
  }
  return row
}

function encodeColumn(codec: TableCodec, column: string, value: unknown): Json {
  const { encode } = codec.column(column)
  try {
    return encode(value)
  } catch (error) {
    if (error instanceof InvalidValueError) throw error.within(`${codec.name}.${column}`)
    throw error
  }
}

/** Keys are deleted first because insertion into a map leaves keys that exist as they are. */
function encodeMutation(codec: TableCodec, mutation: Mutation): JsonArray[] {
  const { column } = mutation
  switch (mutation.kind) {
    case 'addToSet':
      return [[column, 'insert', encodeColumn(codec, column, mutation.values)]]
    case 'removeFromSet':
      return [[column, 'delete', encodeColumn(codec, column, mutation.values)]]
    case 'setKeys': {
      const pairs = [...mapPairs(mutation.entries)]
      const keys = pairs.map(([key]) => key)
      return [deleteKeys(codec, column, keys), [column, 'insert', encodeColumn(codec, column, pairs)]]
    }
    case 'deleteKeys':
      return [deleteKeys(codec, column, mutation.keys)]
    case 'increment':
      return [[column, '+=', mutation.by]]
  }
}

function deleteKeys(codec: TableCodec, column: string, keys: Iterable<unknown>): JsonArray {
  const { encodeKey } = codec.column(column)
  return [column, 'delete', ['set', Array.from(new Set(keys), encodeKey)]]
}

function encodeWait(codec: TableCodec, { table, uuid, row, until, timeout }: WaitOperation): JsonObject {
  const values = encodeRow(codec, row)
  return { op: 'wait', table, where: byUuid(uuid), columns: Object.keys(values), until, rows: [values], timeout }
}

/** Sets and maps need only contain what is given. */
function encodeAbsent(codec: TableCodec, { table, row }: AbsentOperation): JsonObject {
  const where = Object.entries(encodeRow(codec, row)).map(([column, value]) => {
    const kind = columnKind(codec.column(column).schema)
    return [column, kind === 'set' || kind === 'map' ? 'includes' : '==', value]
  })
  return { op: 'wait', table, where, columns: Object.keys(row), until: '==', rows: [], timeout: 0 }
}

function codecFor(codecOf: CodecOf, table: string): TableCodec {
  const codec = codecOf(table)
  if (codec) return codec
  throw new OvsdbError('unknown table', `the server has no table ${table}`)
}

function encode(codecOf: CodecOf, operation: Operation): JsonObject {
  switch (operation.op) {
    case 'comment':
    case 'abort':
      return { ...operation }
    case 'assert':
      return { op: 'assert', lock: operation.lock }
    default:
      return encodeOnTable(codecFor(codecOf, operation.table), operation)
  }
}

type TableOperation = Extract<Operation, { readonly table: string }>

function encodeOnTable(codec: TableCodec, operation: TableOperation): JsonObject {
  const { op, table } = operation
  switch (op) {
    case 'insert':
      return { op, table, uuid: operation.uuid, row: encodeRow(codec, operation.row) }
    case 'update':
      return { op, table, where: byUuid(operation.uuid), row: encodeRow(codec, operation.row) }
    case 'mutate': {
      const mutations = operation.mutations.flatMap(mutation => encodeMutation(codec, mutation))
      return { op, table, where: byUuid(operation.uuid), mutations }
    }
    case 'delete':
      return { op, table, where: byUuid(operation.uuid) }
    case 'select': {
      const where = operation.uuid === undefined ? [] : byUuid(operation.uuid)
      return { op, table, where, columns: operation.columns }
    }
    case 'wait':
      return encodeWait(codec, operation)
    case 'absent':
      return encodeAbsent(codec, operation)
  }
}

/** The wire form of operations, one for one. Throws OvsdbError that names the operation at fault. */
export function encodeOperations(codecOf: CodecOf, operations: readonly Operation[]): JsonObject[] {
  return operations.map((operation, index) => {
    try {
      return encode(codecOf, operation)
    } catch (error) {
      if (!(error instanceof InvalidValueError || error instanceof OvsdbError)) throw error
      const details = error instanceof OvsdbError ? error.details : error.message
      throw new OvsdbError(error.code, details, { operation: operation.op, index })
    }
  })
}
