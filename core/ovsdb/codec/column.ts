import { type ColumnSchema, columnKind } from '../schema/types.ts'
import type { Json } from '../wire/json.ts'
import { type AtomDecoder, atomDecoder, atomDefault, encodeAtom, InvalidValueError } from './atom.ts'
import { type Delta, REPLACED } from './delta.ts'
import { Interner } from './intern.ts'
import { MapValue } from './map-value.ts'
import { SetValue } from './set-value.ts'

/** Everything that is done with the values of one column; which functions those are is decided once, at open. */
export interface ColumnCodec {
  readonly schema: ColumnSchema
  /** The value that a column has if a row on the wire does not mention it. */
  readonly fallback: unknown
  decode(wire: Json): unknown
  /** Wire form of a program's value; null clears. Throws InvalidValueError. */
  encode(value: unknown): Json
  /** Wire form of one element of a set or one key of a map. Throws InvalidValueError. */
  encodeKey(value: unknown): Json
  /** Applies a difference of update2/update3. It may hold more elements than the column may. */
  patch(value: unknown, wire: Json): { readonly value: unknown; readonly delta: Delta }
  /** How two values differ; undefined if they don't. */
  compare(before: unknown, after: unknown): Delta | undefined
}

/** The elements of a set on the wire: a bare atom is a set of one. */
function wireElements(wire: Json): readonly Json[] {
  return Array.isArray(wire) && wire[0] === 'set' ? (wire[1] as readonly Json[]) : [wire]
}

function wirePairs(wire: Json): readonly (readonly [Json, Json])[] {
  return (wire as readonly Json[])[1] as unknown as readonly (readonly [Json, Json])[]
}

function replaced(before: unknown, after: unknown): Delta | undefined {
  return before === after ? undefined : REPLACED
}

function scalarCodec(schema: ColumnSchema, asBigint: boolean): ColumnCodec {
  const convert = atomDecoder(schema.key, asBigint)
  const interner = new Interner()
  const decode = (wire: Json): unknown => interner.intern(convert ? convert(wire) : wire)
  const fallback = atomDefault(schema.key)
  return {
    schema,
    encodeKey: value => encodeAtom(schema.key, value),
    fallback: asBigint && schema.key.type === 'integer' ? 0n : fallback,
    decode,
    encode: value => encodeAtom(schema.key, value),
    patch: (_, wire) => ({ value: decode(wire), delta: REPLACED }),
    compare: replaced,
  }
}

function optionalCodec(schema: ColumnSchema, asBigint: boolean): ColumnCodec {
  const convert = atomDecoder(schema.key, asBigint)
  const interner = new Interner()
  const decode = (wire: Json): unknown => {
    const [atom] = wireElements(wire)
    return interner.intern(atom === undefined || !convert ? atom : convert(atom))
  }
  return {
    schema,
    encodeKey: value => encodeAtom(schema.key, value),
    fallback: undefined,
    decode,
    encode: value => (value === null ? ['set', []] : encodeAtom(schema.key, value)),
    patch: (_, wire) => ({ value: decode(wire), delta: REPLACED }),
    compare: replaced,
  }
}

function setCodec(schema: ColumnSchema, asBigint: boolean): ColumnCodec {
  const convert = atomDecoder(schema.key, asBigint)
  const elements = (wire: Json): readonly unknown[] => (convert ? wireElements(wire).map(convert) : wireElements(wire))
  return {
    schema,
    encodeKey: value => encodeAtom(schema.key, value),
    fallback: SetValue.of(schema.min === 1 ? [atomDefault(schema.key)] : []),
    decode: wire => SetValue.of(elements(wire)),
    encode: value => encodeSet(schema, value),
    patch: (value, wire) => (value as SetValue<unknown>).patch(elements(wire)),
    compare: (before, after) => (before as SetValue<unknown>).compare(after as SetValue<unknown>),
  }
}

function encodeSet(schema: ColumnSchema, value: unknown): Json {
  if (value === null) return ['set', []]
  if (typeof value !== 'object' || !(Symbol.iterator in value)) throw new InvalidValueError('an iterable', value)
  const unique = new Set(value as Iterable<unknown>)
  return ['set', Array.from(unique, element => encodeAtom(schema.key, element))]
}

function mapCodec(schema: ColumnSchema, asBigint: boolean): ColumnCodec {
  const valueType = schema.value ?? schema.key
  const [key, value] = [atomDecoder(schema.key, asBigint), atomDecoder(valueType, asBigint)]
  const interner = new Interner()
  const one = (convert: AtomDecoder | undefined, wire: Json): unknown =>
    convert ? convert(wire) : interner.intern(wire)
  const flat = (wire: Json): unknown[] => {
    const pairs = wirePairs(wire)
    const out = new Array<unknown>(pairs.length * 2)
    for (let i = 0; i < pairs.length; i++) {
      const [k, v] = pairs[i] as readonly [Json, Json]
      out[2 * i] = one(key, k)
      out[2 * i + 1] = one(value, v)
    }
    return out
  }
  return {
    schema,
    encodeKey: value => encodeAtom(schema.key, value),
    fallback: MapValue.EMPTY,
    decode: wire => MapValue.of(flat(wire)),
    encode: pairs => encodeMap(schema, pairs),
    patch: (before, wire) =>
      (before as MapValue<unknown, unknown>).patch(wirePairs(wire).map(([k, v]) => [one(key, k), one(value, v)])),
    compare: (before, after) => (before as MapValue<unknown, unknown>).compare(after as MapValue<unknown, unknown>),
  }
}

/** The pairs of what a map column accepts: an iterable of pairs or a record. */
export function mapPairs(value: unknown): Iterable<readonly [unknown, unknown]> {
  if (typeof value !== 'object' || value === null)
    throw new InvalidValueError('a record or an iterable of pairs', value)
  if (Symbol.iterator in value) return value as Iterable<readonly [unknown, unknown]>
  return Object.entries(value).filter(([, member]) => member !== undefined)
}

function encodeMap(schema: ColumnSchema, value: unknown): Json {
  const valueType = schema.value ?? schema.key
  const unique = new Map(value === null ? [] : mapPairs(value))
  return ['map', Array.from(unique, ([k, v]) => [encodeAtom(schema.key, k), encodeAtom(valueType, v)])]
}

/** The codec of a column, by the kind that its schema says. */
export function columnCodec(schema: ColumnSchema, asBigint = false): ColumnCodec {
  const make = { scalar: scalarCodec, optional: optionalCodec, set: setCodec, map: mapCodec }
  return make[columnKind(schema)](schema, asBigint)
}
