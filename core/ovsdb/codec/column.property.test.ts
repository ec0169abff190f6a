import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BaseType, ColumnSchema } from '../schema/types.ts'
import { encodeJson } from '../wire/encode.ts'
import type { Json } from '../wire/json.ts'
import { parseJson } from '../wire/parse.ts'
import { columnCodec } from './column.ts'

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const atoms: Readonly<Record<BaseType['type'], fc.Arbitrary<unknown>>> = {
  integer: fc.oneof(fc.maxSafeInteger(), int64),
  real: fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => value + 0),
  boolean: fc.boolean(),
  string: fc.string({ unit: 'grapheme' }).map(text => text.replaceAll('\0', '')),
  uuid: fc.uuid().map(text => text.toLowerCase()),
}

/** A value as the program would read it back: bigint only where a number would lose digits. */
function normal(value: unknown): unknown {
  if (value === 0) return 0
  if (typeof value !== 'bigint') return value
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function overTheWire(value: Json): Json {
  const [back] = parseJson(encodeJson([value])) as readonly [Json]
  return back
}

interface Case {
  readonly schema: ColumnSchema
  readonly values: fc.Arbitrary<unknown>
  readonly read: (value: unknown) => unknown
}

function cases(type: BaseType['type']): Record<string, Case> {
  const key = { type }
  const atom = atoms[type]
  const sets = fc.uniqueArray(atom.map(normal), { maxLength: 40 })
  const maps = sets.chain(keys => fc.tuple(...keys.map(k => fc.tuple(fc.constant(k), atom.map(normal)))))
  const elements = (value: unknown): unknown => new Set(value as Iterable<unknown>)
  return {
    scalar: { schema: { key, min: 1, max: 1 }, values: atom, read: normal },
    optional: { schema: { key, min: 0, max: 1 }, values: fc.option(atom), read: value => normal(value ?? undefined) },
    set: { schema: { key, min: 0, max: 'unlimited' }, values: sets, read: elements },
    map: { schema: { key, value: key, min: 0, max: 'unlimited' }, values: maps, read: value => new Map(value as []) },
  }
}

const types = Object.keys(atoms) as BaseType['type'][]
const table = types.flatMap(type => Object.entries(cases(type)).map(([kind, test]) => ({ type, kind, ...test })))

describe('columnCodec', () => {
  it.each(table)('reads back what it wrote: $kind of $type', ({ schema, values, read }) => {
    const codec = columnCodec(schema)
    fc.assert(
      fc.property(values, value => {
        const back = codec.decode(overTheWire(codec.encode(value)))
        expect(read(back)).toEqual(read(value))
      }),
    )
  })

  it.each(table)('finds no difference between equal values: $kind of $type', ({ schema, values }) => {
    const codec = columnCodec(schema)
    fc.assert(
      fc.property(values, value => {
        const wire = codec.encode(value)
        expect(codec.compare(codec.decode(wire), codec.decode(wire))).toBeUndefined()
      }),
    )
  })
})
