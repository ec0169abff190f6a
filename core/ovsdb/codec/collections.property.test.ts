import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MapValue } from './map-value.ts'
import { SetValue } from './set-value.ts'

const elements = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 50 })
const pairs = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 3 })), {
  maxLength: 50,
  selector: ([key]) => key,
})

const sorted = (values: Iterable<number>): number[] => [...values].toSorted((a, b) => a - b)
const without = (all: Iterable<number>, less: Iterable<number>): number[] => {
  const gone = new Set(less)
  return [...all].filter(value => !gone.has(value))
}
const flat = (entries: readonly (readonly [number, number])[]): number[] => entries.flatMap(pair => [...pair])
const record = (map: MapValue<number, number>): object => Object.fromEntries(map)

describe('SetValue', () => {
  it('shows every version as it was, however often it is patched', () => {
    fc.assert(
      fc.property(elements, fc.array(elements, { maxLength: 6 }), (start, diffs) => {
        let model = new Set(start)
        let value = SetValue.of(start)
        const versions: [SetValue<number>, number[]][] = [[value, sorted(model)]]
        for (const diff of diffs) {
          const next = new Set([...without(model, diff), ...without(diff, model)])
          const patched = value.patch(diff)
          expect(sorted(patched.delta.added as number[])).toEqual(sorted(without(next, model)))
          expect(sorted(patched.delta.removed as number[])).toEqual(sorted(without(model, next)))
          value = patched.value
          model = next
          versions.push([value, sorted(model)])
        }
        for (const [version, content] of versions) {
          expect(sorted(version)).toEqual(content)
          expect(version.size).toBe(content.length)
          for (let n = 0; n <= 60; n++) expect(version.has(n)).toBe(content.includes(n))
        }
      }),
    )
  })

  it('compares as the difference that makes one of the other', () => {
    fc.assert(
      fc.property(elements, elements, (a, b) => {
        const [before, after] = [SetValue.of(a), SetValue.of(b)]
        const delta = before.compare(after)
        const diff = [...(delta?.added ?? []), ...(delta?.removed ?? [])] as number[]
        expect(sorted(before.patch(diff).value)).toEqual(sorted(after))
        expect(delta === undefined).toBe(sorted(a).join() === sorted(b).join())
      }),
    )
  })

  it('can be forked without a change to the newest version', () => {
    fc.assert(
      fc.property(elements, elements, elements, (start, added, removed) => {
        const value = SetValue.of(start)
        const fork = value.with(added, without(removed, added))
        const wanted = new Set(without([...start, ...added], without(removed, added)))
        expect(sorted(fork)).toEqual(sorted(wanted))
        expect(fork.size).toBe(wanted.size)
        const next = value.patch([99])
        expect(sorted(fork)).toEqual(sorted(wanted))
        expect(next.value.has(99)).toBe(true)
      }),
    )
  })

  it('moves one Set on instead of copying it', () => {
    let value = SetValue.of(Array.from({ length: 10_000 }, (_, n) => n))
    expect(value.has(5)).toBe(true)
    const first = value
    for (let n = 0; n < 100; n++) value = value.patch([n]).value
    expect(value.size).toBe(9_900)
    expect(first.size).toBe(10_000)
    expect(first.has(5)).toBe(true)
    expect(value.has(5)).toBe(false)
  })
})

describe('MapValue', () => {
  it('shows every version as it was, however often it is patched', () => {
    fc.assert(
      fc.property(pairs, fc.array(pairs, { maxLength: 6 }), (start, diffs) => {
        let model = new Map(start)
        let value: MapValue<number, number> = MapValue.of(flat(start))
        const versions: [MapValue<number, number>, object][] = [[value, Object.fromEntries(model)]]
        for (const diff of diffs) {
          const next = new Map(model)
          for (const [key, item] of diff) {
            if (next.get(key) === item) next.delete(key)
            else next.set(key, item)
          }
          value = value.patch(diff).value
          model = next
          versions.push([value, Object.fromEntries(model)])
        }
        for (const [version, content] of versions) {
          expect(record(version)).toEqual(content)
          expect(version.size).toBe(Object.keys(content).length)
          for (let n = 0; n <= 60; n++) expect(version.get(n)).toBe(Reflect.get(content, n))
        }
      }),
    )
  })

  it('compares as the difference that makes one of the other', () => {
    fc.assert(
      fc.property(pairs, pairs, (a, b) => {
        const before: MapValue<number, number> = MapValue.of(flat(a))
        const after: MapValue<number, number> = MapValue.of(flat(b))
        const { added = [], changed = [], removed = [] } = before.compare(after) ?? {}
        const diff = [...added, ...changed].map(key => [key as number, after.get(key as number) ?? -1] as const)
        const gone = removed.map(key => [key as number, before.get(key as number) ?? -1] as const)
        expect(record(before.patch([...diff, ...gone]).value)).toEqual(record(after))
      }),
    )
  })

  it('can be forked without a change to the newest version', () => {
    fc.assert(
      fc.property(pairs, pairs, elements, (start, set, removed) => {
        const value: MapValue<number, number> = MapValue.of(flat(start))
        const gone = removed.filter(key => !set.some(([other]) => other === key))
        const wanted = new Map([...start, ...set])
        for (const key of gone) wanted.delete(key)
        const fork = value.with(set, gone)
        expect(record(fork)).toEqual(Object.fromEntries(wanted))
        expect(fork.size).toBe(wanted.size)
        expect(record(value)).toEqual(Object.fromEntries(start))
      }),
    )
  })
})
