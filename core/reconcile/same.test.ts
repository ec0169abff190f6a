import { describe, expect, it } from 'vitest'
import { same, sameList } from './same.ts'

describe('same', () => {
  it.each([
    [
      { a: 1, b: [{ c: 'x' }] },
      { b: [{ c: 'x' }], a: 1 },
    ],
    [[], []],
    [undefined, undefined],
    [Number.NaN, Number.NaN],
  ])('%j says the same as %j', (a, b) => {
    expect(same(a, b)).toBe(true)
  })

  it.each([
    [{ a: 1 }, { a: 1, b: undefined }],
    [{ a: undefined }, { b: undefined }],
    [[], {}],
    [null, {}],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: { b: 1 } }, { a: { b: '1' } }],
  ])('%j says something else than %j', (a, b) => {
    expect(same(a, b)).toBe(false)
    expect(same(b, a)).toBe(false)
  })
})

describe('sameList', () => {
  it('compares one by one', () => {
    expect(sameList(['a', 'b'], ['a', 'b'])).toBe(true)
    expect(sameList(['a', 'b'], ['b', 'a'])).toBe(false)
    expect(sameList(['a'], ['a', 'b'])).toBe(false)
  })
})
