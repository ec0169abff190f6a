import { describe, expect, test } from 'vitest'
import { objects, started, turns, world } from './engine.fixture.ts'
import { Engine } from './engine.ts'
import { ManualClock } from './manual-clock.ts'
import { MemoryObject, MemoryTarget } from './memory-target.ts'
import type { Rendered } from './owner.ts'
import { Store } from './store.ts'

describe('what is ours and what is not', () => {
  test('leftovers with our mark go, the rest of the world stays', async () => {
    const target = new MemoryTarget()
    target.content.set('pod gone', { owner: 'pod/gone', value: 1 })
    target.content.set('old kind', { owner: 'former/x', value: 1 })
    target.content.set('extra', { owner: 'pod/p', value: 1 })
    target.content.set('element', { owner: undefined, value: 1 })
    const w = world({ target })
    w.nets.replace([['a', 'x']])
    w.pods.replace([['p', { net: 'a' }]])
    w.engine.start()
    await w.engine.settled()
    expect(target.dump()).toEqual({ 'net a': 'x', 'pod p': 'p on a (x)' })
    expect(w.engine.status('pod/gone')).toBeUndefined()
    expect(w.engine.recompute()).toEqual([])
  })

  test('nothing is swept before every source is synced and every owner was rendered', async () => {
    const target = new MemoryTarget()
    const late = new Store<string>({ name: 'late' })
    target.content.set('pod gone', { owner: 'pod/gone', value: 1 })
    const w = world({ target, sources: [late] })
    w.nets.replace([['a', 'x']])
    w.engine.start()
    await w.engine.settled()
    expect(target.content.has('pod gone')).toBe(true)
    w.pods.replace([])
    await w.engine.settled()
    expect(target.content.has('pod gone')).toBe(true)
    late.markSynced()
    await w.engine.settled()
    expect(target.content.has('pod gone')).toBe(false)
    expect(w.engine.stats.sweeps).toBe(1)
  })

  test('what an owner had is kept until it is known what it wants; elements without an owner as long', async () => {
    const target = new MemoryTarget()
    target.content.set('old p', { owner: 'pod/p', value: 1 })
    target.content.set('element', { owner: undefined, value: 1 })
    const w = world({ target })
    w.nets.replace([['a', 'x']])
    w.pods.replace([['p', { net: 'a', problem: 'wait' }]])
    w.engine.start()
    await w.engine.settled()
    expect(Object.keys(target.dump())).toEqual(['element', 'net a', 'old p'])
    w.pods.set('p', { net: 'a' })
    await w.engine.settled()
    expect(Object.keys(target.dump())).toEqual(['net a', 'pod p'])
  })

  test('drift is repaired without a render', async () => {
    const w = await started()
    w.pods.set('p', { net: 'a' })
    await w.engine.settled()
    const { renders } = w.engine.stats
    w.target.disturb('pod p', { owner: 'pod/p', value: 'changed' })
    await w.engine.settled()
    w.target.disturb('net a', undefined)
    await w.engine.settled()
    w.target.wipe()
    await w.engine.settled()
    expect(w.target.dump()).toEqual({ 'net a': '10.0.0.0/24', 'pod p': 'p on a (10.0.0.0/24)' })
    expect(w.engine.stats.renders).toBe(renders)
  })
})

describe('several owners of one thing', () => {
  function sharing(target: MemoryTarget, shared: boolean) {
    const owners = new Store<string>({ name: 'owners' })
    const render = (key: string): Rendered => objects(new MemoryObject('memory', 'thing', shared ? 1 : key, { shared }))
    const engine = new Engine({
      owners: [{ kind: 'o', keys: owners, render }],
      targets: [target],
      clock: new ManualClock(),
    })
    engine.start()
    return { owners, engine }
  }

  test('shared: it stays until the last one goes', async () => {
    const target = new MemoryTarget()
    const { owners, engine } = sharing(target, true)
    owners.replace(['a', 'b', 'c'].map(key => [key, key]))
    await engine.settled()
    owners.delete('a')
    owners.delete('c')
    await engine.settled()
    expect(target.content.size).toBe(1)
    owners.delete('b')
    await engine.settled()
    expect(target.content.size).toBe(0)
  })

  test('conflict: the first keeps it, the second says why, and gets it when the first goes', async () => {
    const target = new MemoryTarget()
    const { owners, engine } = sharing(target, false)
    owners.replace(['a', 'b'].map(key => [key, key]))
    await engine.settled()
    expect(target.dump()).toEqual({ thing: 'a' })
    expect(engine.status('o/b')).toMatchObject({ state: 'invalid', reason: 'Conflict' })
    expect(engine.status('o/b')?.message).toBe('memory: thing is wanted by o/a already, which keeps it')
    owners.delete('a')
    await engine.settled()
    expect(target.dump()).toEqual({ thing: 'b' })
    expect(engine.status('o/b')).toMatchObject({ state: 'done' })
  })

  test('what another owner wants by now is not removed on behalf of the one that gave it up', async () => {
    const target = new MemoryTarget()
    const { owners, engine } = sharing(target, false)
    owners.replace([['a', 'a']])
    await engine.settled()
    target.disconnect()
    owners.delete('a')
    await turns(3)
    owners.set('b', 'b')
    await turns(3)
    target.refuse = (_owner, _key, value) => (value === undefined ? 'must not be removed' : undefined)
    target.connect()
    await engine.settled()
    expect(target.dump()).toEqual({ thing: 'b' })
    expect(engine.stats.rejections).toBe(0)
  })

  test('conflict after a restart: the mark says who was first', async () => {
    const target = new MemoryTarget()
    target.content.set('thing', { owner: 'o/b', value: 'b' })
    const { owners, engine } = sharing(target, false)
    owners.replace(['a', 'b'].map(key => [key, key]))
    await engine.settled()
    expect(target.dump()).toEqual({ thing: 'b' })
    expect(engine.status('o/a')).toMatchObject({ state: 'invalid', reason: 'Conflict' })
  })
})

test('a restart with nothing changed commits nothing', async () => {
  const target = new MemoryTarget()
  for (const restart of [false, true]) {
    const w = world({ target })
    w.nets.replace([['a', 'x']])
    w.pods.replace(Array.from({ length: 500 }, (_, i) => [`p${i}`, { net: 'a' }] as const))
    w.engine.start()
    await w.engine.settled()
    expect(w.engine.stats.operations).toBe(restart ? 0 : 501)
    expect(w.engine.stats.sweeps).toBe(1)
    w.engine[Symbol.dispose]()
  }
})

test('is not settled while a target is away that is still to be swept', async () => {
  const target = new MemoryTarget()
  target.content.set('left', { owner: 'pod/gone', value: 'x' })
  const w = world({ target })
  w.nets.replace([])
  w.pods.replace([])
  target.disconnect()
  w.engine.start()
  let settled = false
  const end = w.engine.settled().then(() => {
    settled = true
  })
  await turns(10)
  expect(settled).toBe(false)
  target.connect()
  await end
  expect(target.dump()).toEqual({})
})

test('what an earlier process had sent goes, too, when it arrives while its owner is being removed', async () => {
  const w = await started()
  w.pods.set('p', { net: 'a' })
  await w.engine.settled()
  const removal = Promise.withResolvers<void>()
  w.target.gate = () => removal.promise
  w.pods.delete('p')
  await turns(3)
  w.target.disturb('late', { owner: 'pod/p', value: 'x' })
  await turns(3)
  removal.resolve()
  await w.engine.settled()
  expect(Object.keys(w.target.dump())).toEqual(['net a'])
})
