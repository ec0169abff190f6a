import fc from 'fast-check'
import { expect, it } from 'vitest'
import { inOrder, type Ranked, rank } from './ranks.ts'

const slots = 2000

const policies = fc
  .array(
    fc.record({
      priority: fc.oneof(fc.integer({ min: 0, max: 1001 }), fc.integer({ min: 0, max: 5 }), fc.constant(1000)),
      created: fc.integer({ min: 0, max: 3 }),
      size: fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 100 })),
    }),
    { maxLength: 60 },
  )
  .map(list => list.map((one, i): Ranked => ({ ...one, key: `p${i}` })))

const placed = (items: readonly Ranked[]) => {
  const { slots: of, outside } = rank(items, slots)
  return { of, outside: new Set(outside) }
}

it('keeps the order, beside one another, inside of the band; who finds no room is last in order', () => {
  fc.assert(
    fc.property(policies, items => {
      const { of, outside } = placed(items)
      const sorted = items.toSorted(inOrder)
      let end = 0
      for (const { key, size } of sorted.filter(one => !outside.has(one.key))) {
        const start = of.get(key) ?? -1
        expect(start).toBeGreaterThanOrEqual(end)
        end = start + size
      }
      expect(end).toBeLessThanOrEqual(slots)
      expect(sorted.slice(sorted.length - outside.size).every(({ key }) => outside.has(key))).toBe(true)
      expect(of.size + outside.size).toBe(items.length)
      const total = items.reduce((sum, { size }) => sum + size, 0)
      expect(outside.size > 0).toBe(total > slots)
    }),
  )
})

it('does not depend on the order in which policies are known', () => {
  fc.assert(
    fc.property(policies, fc.array(fc.nat(), { maxLength: 60 }), (items, swaps) => {
      const shuffled = items
        .map((one, i) => [swaps[i] ?? 0, one] as const)
        .toSorted(([a], [b]) => a - b)
        .map(([, one]) => one)
      expect([...rank(shuffled, slots).slots].sort()).toEqual([...rank(items, slots).slots].sort())
    }),
  )
})

it('where every policy fits into the place of its priority, one more moves no other', () => {
  const single = fc.uniqueArray(fc.integer({ min: 0, max: 1001 }), { maxLength: 100 })
  fc.assert(
    fc.property(single, fc.integer({ min: 0, max: 1001 }), (taken, added) => {
      fc.pre(!taken.includes(added))
      const items = taken.map(priority => ({ key: `p${priority}`, priority, created: 0, size: 1 }))
      const before = rank(items, slots).slots
      const after = rank([...items, { key: 'new', priority: added, created: 1, size: 1 }], slots).slots
      for (const [key, slot] of before) expect(after.get(key)).toBe(slot)
    }),
  )
})

it('one more policy moves only those that stand against it without a gap', () => {
  fc.assert(
    fc.property(policies, fc.integer({ min: 0, max: 1001 }), (items, priority) => {
      const more = [...items, { key: 'new', priority, created: 9, size: 3 }]
      fc.pre(more.reduce((sum, { size }) => sum + size, 0) <= slots)
      const before = rank(items, slots).slots
      const after = rank(more, slots).slots
      const sorted = more.toSorted(inOrder)
      const at = sorted.findIndex(({ key }) => key === 'new')
      const runs = contiguous(sorted, after)
      for (const [i, { key }] of sorted.entries())
        if (i !== at && before.get(key) !== after.get(key)) expect(runs[i]).toBe(runs[at])
    }),
  )
})

/** Number of the run without gaps that each is in. */
function contiguous(sorted: readonly Ranked[], of: ReadonlyMap<string, number>): number[] {
  let run = 0
  let end = 0
  return sorted.map(({ key, size }) => {
    const start = of.get(key) ?? 0
    if (start > end) run += 1
    end = start + size
    return run
  })
}
