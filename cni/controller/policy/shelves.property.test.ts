import { Store } from '@ovnkit/reconcile'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Shelves } from './shelves.ts'

const name = fc.integer({ min: 0, max: 60 }).map(n => `${n % 2 === 0 ? 'a' : 'b'}/p${n}`)

it('has every key on one shelf of its namespace, none with more than 16, and moves no other key', () => {
  fc.assert(
    fc.property(fc.array(name, { maxLength: 200 }), names => {
      const keys = new Store<true>({ name: 'keys' })
      using shelves = new Shelves(keys)
      for (const key of names) {
        const before = placesIn(shelves)
        if (!keys.delete(key)) keys.set(key, true)
        const after = placesIn(shelves)
        for (const [other, shelf] of before) if (other !== key) expect(after.get(other)).toBe(shelf)
        expect([...after.keys()].sort()).toEqual([...keys.keys()].sort())
      }
      for (const [shelf, held] of shelves.store.entries()) {
        expect(held.length).toBeGreaterThan(0)
        expect(held.length).toBeLessThanOrEqual(16)
        expect(held.every(key => shelf.startsWith(key.slice(0, 2)))).toBe(true)
      }
    }),
  )
})

it('fills shelves before it takes another one', () => {
  const keys = new Store<true>({ name: 'keys' })
  using shelves = new Shelves(keys)
  for (let i = 0; i < 40; i++) keys.set(`a/p${i}`, true)
  expect(shelves.store.size).toBe(3)
  for (let i = 0; i < 8; i++) keys.delete(`a/p${i}`)
  for (let i = 0; i < 16; i++) keys.set(`a/q${i}`, true)
  expect(shelves.store.size).toBe(3)
})

function placesIn({ store }: Shelves): Map<string, string> {
  const all = [...store.entries()].flatMap(([shelf, held]) => held.map(key => [key, shelf] as const))
  const places = new Map(all)
  expect(places.size).toBe(all.length)
  return places
}
