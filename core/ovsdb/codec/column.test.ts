import { describe, expect, it } from 'vitest'
import type { BaseType, ColumnSchema } from '../schema/types.ts'
import { InvalidValueError } from './atom.ts'
import { columnCodec } from './column.ts'

const column = (type: BaseType['type'], more: Partial<ColumnSchema> = {}): ColumnSchema => ({
  key: { type },
  min: 1,
  max: 1,
  ...more,
})
const set = (type: BaseType['type'], more: Partial<ColumnSchema> = {}) =>
  columnCodec(column(type, { min: 0, max: 'unlimited', ...more }))
const ID = '1b4e28ba-2fa1-41d2-883f-0016d3cca427'

describe('decoding', () => {
  it('takes a bare atom for a set of one', () => {
    expect([...(set('string').decode('x') as Iterable<string>)]).toEqual(['x'])
    expect([...(set('uuid').decode(['uuid', ID]) as Iterable<string>)]).toEqual([ID])
  })

  it('does not take a string that reads "set" or "uuid" for an encoding', () => {
    expect([...(set('string').decode(['set', ['set', 'uuid']]) as Iterable<string>)]).toEqual(['set', 'uuid'])
    expect([...(set('string').decode('set') as Iterable<string>)]).toEqual(['set'])
  })

  it('reads an empty optional as undefined', () => {
    const codec = columnCodec(column('integer', { min: 0 }))
    expect(codec.decode(['set', []])).toBeUndefined()
    expect(codec.decode(0)).toBe(0)
  })

  it('keeps integers beyond 2^53 as bigint, others as number unless configured', () => {
    expect(columnCodec(column('integer')).decode(9223372036854775807n)).toBe(9223372036854775807n)
    expect(columnCodec(column('integer')).decode(7)).toBe(7)
    expect(columnCodec(column('integer'), true).decode(7)).toBe(7n)
  })

  it('gives absent columns the defaults of RFC 7047', () => {
    expect(columnCodec(column('integer')).fallback).toBe(0)
    expect(columnCodec(column('uuid')).fallback).toBe('00000000-0000-0000-0000-000000000000')
    expect(columnCodec(column('string', { min: 0 })).fallback).toBeUndefined()
    expect([...(set('string', { min: 1 }).fallback as Iterable<string>)]).toEqual([''])
  })
})

describe('differences', () => {
  it('replace a scalar and an optional, also by nothing', () => {
    const codec = columnCodec(column('string', { min: 0 }))
    expect(codec.patch('a', 'b').value).toBe('b')
    expect(codec.patch('a', ['set', []]).value).toBeUndefined()
  })

  it('may hold more elements than the column may', () => {
    const codec = set('integer', { max: 3 })
    const before = codec.decode(['set', [1, 2, 3]])
    const { value } = codec.patch(before, ['set', [1, 2, 3, 4, 5, 6]])
    expect([...(value as Iterable<number>)]).toEqual([4, 5, 6])
  })

  it('remove the same pair of a map, replace another value, add a new key', () => {
    const codec = set('string', { value: { type: 'string' } })
    const before = codec.decode([
      'map',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ])
    const { value, delta } = codec.patch(before, [
      'map',
      [
        ['a', '1'],
        ['b', '3'],
        ['c', '4'],
      ],
    ])
    expect([...(value as Iterable<unknown>)]).toEqual([
      ['b', '3'],
      ['c', '4'],
    ])
    expect(delta).toEqual({ added: ['c'], changed: ['b'], removed: ['a'] })
  })
})

describe('encoding', () => {
  it('removes duplicates, which the server would refuse', () => {
    expect(set('integer').encode([1, 1, 2])).toEqual(['set', [1, 2]])
    expect(
      set('string', { value: { type: 'integer' } }).encode([
        ['a', 1],
        ['a', 2],
      ]),
    ).toEqual(['map', [['a', 2]]])
  })

  it('takes a record for a map and leaves out undefined members', () => {
    expect(set('string', { value: { type: 'string' } }).encode({ a: 'b', c: undefined })).toEqual(['map', [['a', 'b']]])
  })

  it.each([
    ['integer', 1.5],
    ['integer', 2 ** 53],
    ['real', Number.NaN],
    ['string', 5],
    ['boolean', 'true'],
    ['uuid', 'not-a-uuid'],
  ] as const)('refuses a %s that is %s', (type, value) => {
    expect(() => columnCodec(column(type)).encode(value)).toThrow(InvalidValueError)
  })

  it('refuses what an enum does not list', () => {
    const codec = columnCodec({ key: { type: 'string', enum: ['tcp', 'udp'] }, min: 0, max: 1 })
    expect(codec.encode('tcp')).toBe('tcp')
    expect(() => codec.encode('icmp')).toThrow('expected one of tcp, udp, got "icmp"')
  })

  it('clears an optional with null', () => {
    expect(columnCodec(column('string', { min: 0 })).encode(null)).toEqual(['set', []])
  })
})
