import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ColumnChange, diffColumn } from './column-diff.ts'
import type { Atom, ColumnValue } from './desired.ts'

const text = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const pairs = fc.dictionary(text, fc.constantFrom('1', '2', '3'))

/** What the database makes of a change (ovsdb-server(7), "mutate": removals and additions of elements). */
function apply(actual: unknown, change: ColumnChange | undefined): unknown {
  if (!change) return actual
  if (change.kind === 'replace')
    return actual instanceof Set ? new Set(asArray(change.value)) : (change.value ?? undefined)
  if (change.kind === 'members' && actual instanceof Set) {
    const kept = [...actual].filter(member => !change.remove.includes(member))
    return new Set([...kept, ...change.add])
  }
  if (change.kind === 'pairs' && actual instanceof Map) {
    const kept = [...actual].filter(([key]) => !change.remove.includes(key))
    return new Map([...kept, ...change.set])
  }
  throw new Error(`a ${change.kind} change does not fit the column`)
}

const asArray = (value: Atom | readonly Atom[] | null): readonly Atom[] =>
  value === null ? [] : typeof value === 'object' ? value : [value]

/** The changed column, and that comparing it again finds nothing. */
function reconciled(actual: unknown, desired: ColumnValue, keepOthers = false): unknown {
  const after = apply(actual, diffColumn(actual, desired, keepOthers))
  expect(diffColumn(after, desired, keepOthers)).toBeUndefined()
  return after
}

describe('a column becomes what is desired', () => {
  test('sets, whatever they held', () => {
    fc.assert(
      fc.property(fc.uniqueArray(text), fc.array(text), (actual, desired) => {
        expect(reconciled(new Set(actual), desired)).toEqual(new Set(desired))
      }),
    )
  })

  test('a set is never emptied on the way (LRP.networks has at least one)', () => {
    fc.assert(
      fc.property(fc.uniqueArray(text, { minLength: 1 }), fc.array(text, { minLength: 1 }), (actual, desired) => {
        const change = diffColumn(new Set(actual), desired, false)
        if (change?.kind === 'members') expect(change.remove.length).toBeLessThan(actual.length)
      }),
    )
  })

  test('maps of ours exactly', () => {
    fc.assert(
      fc.property(pairs, pairs, (actual, desired) => {
        expect(reconciled(new Map(Object.entries(actual)), desired)).toEqual(new Map(Object.entries(desired)))
      }),
    )
  })

  test('maps with others: their keys stay, ours are right, `undefined` ones are absent', () => {
    const desire = fc.dictionary(text, fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined }))
    fc.assert(
      fc.property(pairs, desire, (actual, desired) => {
        const after = reconciled(new Map(Object.entries(actual)), desired, true)
        const expected = new Map<string, unknown>(Object.entries({ ...actual, ...desired }))
        for (const [key, value] of [...expected]) if (value === undefined) expected.delete(key)
        expect(after).toEqual(expected)
      }),
    )
  })

  test.each([
    ['a', 'b', 'b'],
    [undefined, 'b', 'b'],
    ['a', [], undefined],
    [undefined, [], undefined],
    [5n, 5, 5n],
    [true, false, false],
  ])('scalars and optional columns: %o as %o', (actual, desired, after) => {
    expect(reconciled(actual, desired)).toEqual(after)
  })
})

test('a column that is not rendered is left alone', () => {
  expect(diffColumn('whatever', undefined, false)).toBeUndefined()
})

test('a shape that does not fit the column is an error', () => {
  expect(() => diffColumn(new Map(), ['a'], false)).toThrow('needs a record')
  expect(() => diffColumn(new Set(), { a: 'b' }, false)).toThrow('that is a set')
  expect(() => diffColumn('a', { a: 'b' }, false)).toThrow('that is no map')
})
