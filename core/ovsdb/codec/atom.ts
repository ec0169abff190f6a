import type { BaseType } from '../schema/types.ts'
import type { Json } from '../wire/json.ts'

/** A value that its column cannot hold. Nothing was sent. */
export class InvalidValueError extends Error {
  override readonly name = 'InvalidValueError'
  readonly code = 'invalid value'
  readonly #expected: string
  readonly #got: unknown
  constructor(expected: string, got: unknown, place = '') {
    super(`${place}expected ${expected}, got ${show(got)}`)
    this.#expected = expected
    this.#got = got
  }

  /** The same error with the place where it happened. */
  within(place: string): InvalidValueError {
    return new InvalidValueError(this.#expected, this.#got, `${place}: `)
  }
}

function show(value: unknown): string {
  return typeof value === 'bigint' ? `${value}` : (JSON.stringify(value) ?? String(value))
}

/** Decodes the wire form of one atom; trusts the server. */
export type AtomDecoder = (wire: Json) => unknown

/** `asBigint`: integers are always bigint, instead of only where a number would lose digits. */
export function atomDecoder(base: BaseType, asBigint: boolean): AtomDecoder | undefined {
  if (base.type === 'uuid') return wire => (wire as readonly Json[])[1]
  // An integral real of 16 digits is indistinguishable from an integer until the schema says so.
  if (base.type === 'real') return wire => Number(wire)
  if (base.type === 'integer' && asBigint) return wire => BigInt(wire as number | bigint)
  return undefined
}

const uuidText = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The default of a type (RFC 7047 section 5.2.1). */
export function atomDefault(base: BaseType): string | number | boolean {
  switch (base.type) {
    case 'integer':
    case 'real':
      return 0
    case 'boolean':
      return false
    case 'string':
      return ''
    case 'uuid':
      return '00000000-0000-0000-0000-000000000000'
  }
}

/**
 * Encodes one atom. Its type and enum are checked here, so that a mistake is named with its column before anything is
 * sent; ranges and lengths are left to the server. Throws InvalidValueError.
 */
export function encodeAtom(base: BaseType, value: unknown): Json {
  if (base.enum && !base.enum.some(member => member === value)) {
    throw new InvalidValueError(`one of ${base.enum.join(', ')}`, value)
  }
  switch (base.type) {
    case 'integer':
      if (typeof value === 'bigint' || Number.isSafeInteger(value)) return value as bigint | number
      throw new InvalidValueError('an integer (a bigint beyond 2^53)', value)
    case 'real':
      if (typeof value === 'number' && Number.isFinite(value)) return value
      throw new InvalidValueError('a finite number', value)
    case 'boolean':
      if (typeof value === 'boolean') return value
      throw new InvalidValueError('true or false', value)
    case 'string':
      if (typeof value === 'string') return value
      throw new InvalidValueError('a string', value)
    case 'uuid':
      if (typeof value === 'string' && uuidText.test(value)) return ['uuid', value]
      throw new InvalidValueError('a UUID in lower-case text form', value)
  }
}
