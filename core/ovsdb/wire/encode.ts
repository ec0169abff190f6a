import { EncodeError } from './errors.ts'
import type { Json } from './json.ts'

/** In output of JSON.stringify: a NUL or a lone surrogate, unless the backslash is itself escaped (then the walk says so). */
const SUSPECT = /\\u(?:0000|d[89a-f])/
const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** ECMA-262 2026 (Node 21+); not yet in the library types. */
const rawJson = (JSON as unknown as { rawJSON(text: string): object }).rawJSON

/**
 * Encodes a value for the wire; `bigint` becomes an integer literal.
 * Throws {@link EncodeError} for what makes ovsdb-server drop the connection silently (NUL, lone surrogates) or what no
 * 64-bit integer holds.
 */
export function encodeJson(value: Json): string {
  const text = stringify(value)
  if (SUSPECT.test(text)) checkStrings(value)
  return text
}

function stringify(value: Json): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    // The only values of this type that JSON.stringify refuses are bigints. They are rare, a replacer is slow.
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(value, (_key, member: unknown) =>
      typeof member === 'bigint' ? rawJson(int64Text(member)) : member,
    )
  }
}

function int64Text(value: bigint): string {
  if (value < INT64_MIN || value > INT64_MAX) throw new EncodeError(`expected a 64-bit integer, got ${value}`)
  return value.toString()
}

function checkStrings(value: Json): void {
  if (typeof value === 'string') checkString(value)
  else if (Array.isArray(value)) for (const element of value) checkStrings(element)
  else if (value !== null && typeof value === 'object')
    for (const [name, member] of Object.entries(value)) {
      checkString(name)
      checkStrings(member)
    }
}

function checkString(text: string): void {
  if (text.includes('\0')) throw new EncodeError(`OVSDB strings can't hold NUL characters: ${JSON.stringify(text)}`)
  if (!text.isWellFormed())
    throw new EncodeError(`expected well-formed Unicode, got a lone surrogate: ${JSON.stringify(text)}`)
}
