import { describe, expect, test } from 'vitest'
import { Store } from './store.ts'

interface Pod {
  readonly net: string
  readonly labels: readonly string[]
}

const pods = () =>
  new Store<Pod>({
    name: 'pods',
    indexes: { byNet: pod => [pod.net], byLabel: pod => pod.labels, byName: (_, key) => [key] },
  })

const pod = (net: string, ...labels: string[]): Pod => ({ net, labels })

describe('indexes', () => {
  test('follow additions, changes and removals', () => {
    const store = pods()
    store.set('p', pod('a', 'x', 'y'))
    store.set('q', pod('a', 'y'))
    expect([...store.by('byNet', 'a')].map(([key]) => key)).toEqual(['p', 'q'])
    store.set('p', pod('b', 'x'))
    expect([...store.by('byNet', 'a')].map(([key]) => key)).toEqual(['q'])
    expect([...store.by('byLabel', 'y')].map(([key]) => key)).toEqual(['q'])
    store.delete('q')
    expect([...store.by('byLabel', 'y')]).toEqual([])
    expect([...store.by('byName', 'p')]).toEqual([['p', pod('b', 'x')]])
  })

  test('an unknown index is an error that names the known ones', () => {
    expect(() => [...pods().by('byNode', 'a')]).toThrow(
      'store pods has no index "byNode" (declared: byNet, byLabel, byName)',
    )
  })
})

describe('changes', () => {
  test('are told after the store shows them, and only when there are any', () => {
    const store = new Store<Pod>({ name: 'pods', equals: (a, b) => a.net === b.net })
    const told: unknown[] = []
    using _subscription = store.subscribe((key, value, old) =>
      told.push([key, value?.net, old?.net, store.get(key)?.net]),
    )
    expect(store.set('p', pod('a'))).toBe(true)
    expect(store.set('p', pod('a', 'ignored'))).toBe(false)
    expect(store.set('p', pod('b'))).toBe(true)
    expect(store.delete('p')).toBe(true)
    expect(store.delete('p')).toBe(false)
    expect(told).toEqual([
      ['p', 'a', undefined, 'a'],
      ['p', 'b', 'a', 'b'],
      ['p', undefined, 'b', undefined],
    ])
  })

  test('a full state tells the differences to the one before, and makes the store synced once', () => {
    const store = new Store<number>({ name: 'numbers' })
    let synced = 0
    store.onSynced(() => synced++)
    store.set('gone', 1)
    store.set('same', 2)
    const told: unknown[] = []
    store.subscribe((key, value) => told.push([key, value]))
    store.replace([
      ['same', 2],
      ['new', 3],
    ])
    expect(told).toEqual([
      ['gone', undefined],
      ['new', 3],
    ])
    store.replace([['same', 2]])
    expect([store.synced, synced, store.size]).toEqual([true, 1, 1])
    store.onSynced(() => synced++)
    expect(synced).toBe(2)
  })

  test('a disposed subscription hears nothing', () => {
    const store = new Store<number>({ name: 'numbers' })
    let told = 0
    store.subscribe(() => told++)[Symbol.dispose]()
    store.set('a', 1)
    expect(told).toBe(0)
  })
})
