import { beforeEach, describe, expect, test } from 'vitest'
import type { View } from './owner.ts'
import { Reads } from './reads.ts'
import { OwnerRecord } from './record.ts'
import { Store } from './store.ts'

const kind = { rank: 0, spec: { kind: 'k', keys: [], render: () => ({ kind: 'objects' as const, objects: [] }) } }
const record = new OwnerRecord(kind, 'o', 'k/o')
let store: Store<string>
let reads: Reads
let dirty: number

beforeEach(() => {
  store = new Store<string>({ name: 'store', indexes: { byLength: value => [String(value.length)] } })
  store.markSynced()
  dirty = 0
  reads = new Reads(() => dirty++)
})

const read = (render: (view: View) => unknown) => reads.record(record, render)

/** How often the owner becomes dirty by a change. */
function dirtiedBy(change: () => void): number {
  dirty = 0
  change()
  return dirty
}

describe('a change concerns', () => {
  test('who read the key, whether or not it was there', () => {
    read(view => [view.get(store, 'a'), view.has(store, 'b')])
    expect(dirtiedBy(() => store.set('a', 'x'))).toBe(1)
    expect(dirtiedBy(() => store.set('b', 'x'))).toBe(1)
    expect(dirtiedBy(() => store.set('c', 'x'))).toBe(0)
  })

  test('who read the bucket that an entry joins, leaves, or changes in', () => {
    read(view => view.by(store, 'byLength', '3'))
    expect(dirtiedBy(() => store.set('a', 'xx'))).toBe(0)
    expect(dirtiedBy(() => store.set('a', 'xxx'))).toBe(1)
    expect(dirtiedBy(() => store.set('a', 'yyy'))).toBeGreaterThan(0)
    expect(dirtiedBy(() => store.set('a', 'y'))).toBe(1)
    expect(dirtiedBy(() => store.delete('a'))).toBe(0)
  })

  test('who read all keys, when one comes or goes, not when a value changes', () => {
    read(view => [...view.keys(store)])
    expect(dirtiedBy(() => store.set('a', 'x'))).toBe(1)
    expect(dirtiedBy(() => store.set('a', 'y'))).toBe(0)
    expect(dirtiedBy(() => store.delete('a'))).toBe(1)
  })

  test('nobody any more, after a render that no longer reads it, or when the owner is gone', () => {
    read(view => [view.get(store, 'a'), view.get(store, 'b')])
    read(view => view.get(store, 'b'))
    expect(dirtiedBy(() => store.set('a', 'x'))).toBe(0)
    expect(dirtiedBy(() => store.set('b', 'x'))).toBe(1)
    reads.forget(record)
    expect(dirtiedBy(() => store.set('b', 'y'))).toBe(0)
  })

  test('a render that threw, too', () => {
    const broken = () =>
      read(view => {
        view.get(store, 'a')
        throw new Error('boom')
      })
    expect(broken).toThrow('boom')
    expect(dirtiedBy(() => store.set('a', 'x'))).toBe(1)
  })
})

test('a read of an unsynced store is reported, and dirties when the store is synced', () => {
  const late = new Store<string>({ name: 'late' })
  expect(read(view => view.get(late, 'a')).unsynced).toBe(late)
  expect(dirtiedBy(() => late.markSynced())).toBe(1)
  expect(read(view => view.get(late, 'a')).unsynced).toBeUndefined()
})
