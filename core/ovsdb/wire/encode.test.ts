import { describe, expect, test } from 'vitest'
import { encodeJson } from './encode.ts'
import { EncodeError } from './errors.ts'
import { parseJson } from './parse.ts'

describe('encodeJson', () => {
  test('writes bigints as integers', () => {
    expect(encodeJson(['insert', { a: 9223372036854775807n, b: -9223372036854775808n }])).toBe(
      '["insert",{"a":9223372036854775807,"b":-9223372036854775808}]',
    )
  })

  test.each([2n ** 63n, -(2n ** 63n) - 1n])('refuses what no 64-bit integer holds: %s', number => {
    expect(() => encodeJson([number])).toThrow(EncodeError)
  })

  test.each(['a\0b', '\ud800', 'a\udfffb'])('refuses strings that make the server drop the connection: %j', text => {
    expect(() => encodeJson({ a: [text] })).toThrow(EncodeError)
    expect(() => encodeJson({ [text]: 1 })).toThrow(EncodeError)
  })

  test('takes text that only looks like an escape', () => {
    expect(JSON.parse(encodeJson(['\\u0000', '\\ud800']))).toEqual(['\\u0000', '\\ud800'])
  })
})

describe('parseJson', () => {
  test('keeps integers beyond 2^53-1 exact, leaves all other numbers alone', () => {
    expect(parseJson('[9223372036854775807,-9007199254740993,9007199254740991,1e300,0.1234567890123456789]')).toEqual([
      9223372036854775807n,
      -9007199254740993n,
      9007199254740991,
      1e300,
      0.12345678901234568,
    ])
  })

  test('finds big integers after any white space', () => {
    expect(parseJson('{"a" :\n 9223372036854775807 }')).toEqual({ a: 9223372036854775807n })
  })

  test('digits in strings stay strings', () => {
    expect(parseJson('[":9223372036854775807"]')).toEqual([':9223372036854775807'])
  })

  test('the last of duplicate keys wins', () => {
    expect(parseJson('{"a":1,"a":2}')).toEqual({ a: 2 })
  })
})
