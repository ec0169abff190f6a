import { mapPairs } from '../codec/column.ts'
import type { DatabaseSchema, TableSchema } from '../schema/types.ts'
import type { Mutation, Operation } from './operations.ts'
import { OvsdbError } from './outcome.ts'

/**
 * Looks for inserts into non-root tables that no strong reference of the same transaction points to. The server would
 * report success for them, with a row that never exists. Returns the error, or undefined.
 */
export function findUnattached(schema: DatabaseSchema, operations: readonly Operation[]): OvsdbError | undefined {
  const fragile = operations.some(op => op.op === 'insert' && schema.tables[op.table]?.isRoot === false)
  if (!fragile) return undefined
  const referred = strongReferences(schema, operations)
  for (const [index, operation] of operations.entries()) {
    if (operation.op !== 'insert' || schema.tables[operation.table]?.isRoot !== false) continue
    if (referred.has(operation.uuid)) continue
    const details = `a row of ${operation.table} lives only while another row refers to it: add ${operation.uuid} to one`
    return new OvsdbError('unattached insert', details, { operation: 'insert', index })
  }
  return undefined
}

function strongReferences(schema: DatabaseSchema, operations: readonly Operation[]): ReadonlySet<unknown> {
  const referred = new Set<unknown>()
  for (const operation of operations) {
    if (!('table' in operation)) continue
    const table = schema.tables[operation.table]
    if (!table) continue
    for (const [column, value] of writtenValues(operation)) {
      if (isStrong(table, column)) for (const uuid of uuidsOf(value)) referred.add(uuid)
    }
  }
  return referred
}

function isStrong(table: TableSchema, column: string): boolean {
  const schema = table.columns[column]
  return schema?.key.refType === 'strong' || schema?.value?.refType === 'strong'
}

function writtenValues(operation: Operation): [string, unknown][] {
  if (operation.op === 'insert' || operation.op === 'update') return Object.entries(operation.row)
  return operation.op === 'mutate' ? operation.mutations.flatMap(added) : []
}

function added(mutation: Mutation): [string, unknown][] {
  if (mutation.kind === 'addToSet') return [[mutation.column, mutation.values]]
  return mutation.kind === 'setKeys' ? [[mutation.column, mapPairs(mutation.entries)]] : []
}

/** Every text in a value: an atom, an iterable of atoms or pairs, or a record. */
function uuidsOf(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [value]
  const items: unknown[] = Symbol.iterator in value ? [...(value as Iterable<unknown>)] : Object.values(value)
  return items.flat()
}
