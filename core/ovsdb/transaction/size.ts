import type { Operation } from './operations.ts'

/** What member names, brackets and the UUID of an operation take on the wire, about. */
const ENVELOPE = 120

/** Bytes that operations will take on the wire, about: enough to cap a transaction. */
export function encodedSize(operations: readonly Operation[]): number {
  return operations.reduce((sum, operation) => sum + ENVELOPE + sizeOf(operation), 0)
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 4
  if (typeof value !== 'object' || value === null) return 8
  const items: Iterable<unknown> = Symbol.iterator in value ? (value as Iterable<unknown>) : Object.entries(value)
  let sum = 4
  for (const item of items) sum += sizeOf(item)
  return sum
}
