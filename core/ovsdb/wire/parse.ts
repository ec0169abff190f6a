import type { Json, JsonObject } from './json.ts'

/**
 * Where a number of 16 or more digits may start. Only such texts need the reviver, which is some 5 times slower than plain
 * JSON.parse; the test itself runs at 650 MB/s. A hit inside a string costs time, not correctness.
 */
const LONG_NUMBER = /[\s:,[]-?\d{16}/
const INTEGER = /^-?\d+$/

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

/** JSON.parse hands a third argument to the reviver (ECMA-262 2026, Node 21+) that the library types don't know yet. */
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => Json

/** Parses JSON text; integers that a double can't hold exactly become `bigint`. Throws SyntaxError. */
export function parseJson(text: string): Json {
  return LONG_NUMBER.test(text) ? parseWithSource(text, exactInteger) : (JSON.parse(text) as Json)
}

/** Parses `slab[start, end)`, the UTF-8 text of one JSON object, as handed out for rows of big updates. */
export function parseRow(slab: Uint8Array, start: number, end: number): JsonObject {
  const bytes = slab instanceof Buffer ? slab : Buffer.from(slab.buffer, slab.byteOffset, slab.byteLength)
  return parseJson(bytes.toString('utf8', start, end)) as JsonObject
}

function exactInteger(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const { source } = context
  return source !== undefined && INTEGER.test(source) ? BigInt(source) : value
}
