import { describe, expect, test } from 'vitest'
import { objects, started, turns, world } from './engine.fixture.ts'
import { Engine } from './engine.ts'
import { MemoryObject, MemoryTarget } from './memory-target.ts'
import type { Rendered, View } from './owner.ts'
import { Store } from './store.ts'

describe('observe and render', () => {
  test('a change renders the owners that read it, references first, and nobody else', async () => {
    const w = await started()
    for (let i = 0; i < 100; i++) w.pods.set(`p${i}`, { net: i === 7 ? 'b' : 'a' })
    w.nets.set('b', '10.1.0.0/24')
    await w.engine.settled()
    expect(w.target.content.size).toBe(102)

    w.rendered.length = 0
    w.pods.set('p3', { net: 'b' })
    await w.engine.settled()
    expect(w.rendered).toEqual(['pod/p3'])

    w.rendered.length = 0
    w.nets.set('b', '10.2.0.0/24')
    await w.engine.settled()
    expect(w.rendered.sort()).toEqual(['net/b', 'pod/p3', 'pod/p7'])
    expect(w.target.dump()['pod p3']).toBe('p3 on b (10.2.0.0/24)')
    expect(w.engine.recompute()).toEqual([])
  })

  test('one changed owner among 10,000 costs one render, one operation, one commit', async () => {
    const w = await started()
    for (let i = 0; i < 10_000; i++) w.pods.set(`p${i}`, { net: 'a' })
    w.nets.set('b', 'other')
    await w.engine.settled()
    const before = { ...w.engine.stats }
    w.pods.set('p5000', { net: 'b' })
    await w.engine.settled()
    // The second comparison is the target's own echo of the change: it finds nothing.
    expect(difference(w.engine.stats, before)).toEqual({
      turns: 2,
      renders: 1,
      diffs: 2,
      operations: 1,
      batches: 1,
      commits: 1,
    })
  })

  test('a read that found nothing is a read', async () => {
    const w = await started()
    w.pods.set('p', { net: 'late' })
    await w.engine.settled()
    expect(w.engine.status('pod/p')).toMatchObject({
      state: 'wait',
      reason: 'Blocked',
      message: 'net late does not exist',
    })
    w.nets.set('late', 'x')
    await w.engine.settled()
    expect(w.engine.status('pod/p')).toMatchObject({ state: 'done' })
    expect(w.target.dump()['pod p']).toBe('p on late (x)')
  })

  test('nothing is rendered before the kind is synced, nor believed when it read an unsynced store', async () => {
    const w = world()
    w.engine.start()
    w.pods.set('p', { net: 'a' })
    await w.engine.settled()
    expect(w.rendered).toEqual([])
    w.pods.markSynced()
    await w.engine.settled()
    expect(w.engine.stats).toMatchObject({ renders: 1, discarded: 1, operations: 0 })
    expect(w.engine.status('pod/p')).toMatchObject({ state: 'wait', reason: 'NotSynced' })
    w.nets.replace([['a', 'x']])
    await w.engine.settled()
    expect(w.target.dump()).toEqual({ 'net a': 'x', 'pod p': 'p on a (x)' })
  })

  test('a render that throws is reported on its owner, and the others go on', async () => {
    const store = new Store<number>({ name: 'numbers' })
    store.replace([
      ['bad', 1],
      ['good', 2],
    ])
    const target = new MemoryTarget()
    const render = (key: string): Rendered => {
      if (key === 'bad') throw new Error('boom')
      return objects(new MemoryObject('memory', key))
    }
    using engine = new Engine({ owners: [{ kind: 'n', keys: store, render }], targets: [target] })
    engine.start()
    await engine.settled()
    expect(engine.status('n/bad')).toMatchObject({ state: 'invalid', reason: 'RenderFailed', message: 'boom' })
    expect(engine.status('n/good')).toMatchObject({ state: 'done' })
  })

  test('wait and invalid keep what the owner has', async () => {
    const w = await started()
    w.pods.set('p', { net: 'a' })
    await w.engine.settled()
    for (const problem of ['wait', 'invalid'] as const) {
      w.pods.set('p', { net: 'a', problem })
      await w.engine.settled()
      expect(w.engine.status('pod/p')).toMatchObject({ state: problem })
      expect(w.target.content.has('pod p')).toBe(true)
    }
    w.target.disturb('pod p', undefined)
    await w.engine.settled()
    expect(w.target.content.has('pod p')).toBe(true)
  })
})

test('outcomes are rendered when there are some: a start does not write "nothing known" first', async () => {
  const pods = new Store<string>({ name: 'pods' })
  pods.replace([['p', 'x']])
  const target = new MemoryTarget()
  const conditions = new MemoryTarget('conditions')
  const flight = Promise.withResolvers<void>()
  target.gate = () => flight.promise
  const condition = (key: string, view: View): Rendered =>
    objects(new MemoryObject('conditions', key, view.get(engine.statusStore, `pod/${key}`)?.state))
  const engine: Engine = new Engine({
    targets: [target, conditions],
    owners: [
      { kind: 'pod', keys: pods, render: key => objects(new MemoryObject('memory', key)) },
      { kind: 'condition', keys: pods, render: condition },
    ],
  })
  engine.start()
  await turns(5)
  flight.resolve()
  await engine.settled()
  expect(conditions.dump()).toEqual({ p: 'done' })
  expect(conditions.batches).toHaveLength(1)
  engine[Symbol.dispose]()
})

test('the event loop is served while 5,000 owners are rendered and compared', async () => {
  const w = await started()
  for (let i = 0; i < 5_000; i++) w.pods.set(`p${i}`, { net: 'a' })
  let turnsMeanwhile = 0
  let done = false
  const settled = w.engine.settled().then(() => (done = true))
  while (!done) {
    await turns(1)
    turnsMeanwhile++
  }
  await settled
  expect(turnsMeanwhile).toBeGreaterThan(3)
})

function difference(after: object, before: object): Record<string, number> {
  const was = new Map<string, number>(Object.entries(before))
  return Object.fromEntries(
    Object.entries(after)
      .map(([k, v]) => [k, v - (was.get(k) ?? 0)])
      .filter(([, v]) => v !== 0),
  )
}
