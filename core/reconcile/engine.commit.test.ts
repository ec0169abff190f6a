import { describe, expect, test } from 'vitest'
import { objects, started, turns, until, world } from './engine.fixture.ts'
import { Engine } from './engine.ts'
import { ManualClock } from './manual-clock.ts'
import { MemoryObject, MemoryTarget } from './memory-target.ts'
import { Store } from './store.ts'

describe('commit', () => {
  test('one batch is in flight, the rest gathers into the next', async () => {
    const w = await started()
    const flight = Promise.withResolvers<void>()
    w.target.gate = () => flight.promise
    w.target.batches.length = 0
    w.pods.set('first', { net: 'a' })
    await turns(3)
    for (let i = 0; i < 50; i++) {
      w.pods.set(`p${i}`, { net: 'a' })
      await turns(1)
    }
    flight.resolve()
    await w.engine.settled()
    expect(w.target.batches.map(owners => owners.length)).toEqual([1, 50])
  })

  test('an owner that changes while it is on its way costs one turn, not one after another until it lands', async () => {
    const w = await started()
    const flight = Promise.withResolvers<void>()
    w.target.gate = () => flight.promise
    w.pods.set('p', { net: 'a' })
    await turns(3)
    w.nets.set('b', '10.1.0.0/24')
    w.pods.set('p', { net: 'b' })
    const before = w.engine.stats.turns
    await turns(50)
    expect(w.engine.stats.turns - before).toBeLessThanOrEqual(2)
    flight.resolve()
    await w.engine.settled()
    expect(w.target.dump()).toMatchObject({ 'pod p': 'p on b (10.1.0.0/24)' })
  })

  test('references are committed first, removals in reverse', async () => {
    const w = world({ target: new MemoryTarget('memory', { owners: 1 }) })
    w.pods.replace([['p', { net: 'a' }]])
    w.nets.replace([['a', 'x']])
    w.engine.start()
    await w.engine.settled()
    w.nets.delete('a')
    w.pods.delete('p')
    await w.engine.settled()
    expect(w.target.batches.flat()).toEqual(['net/a', 'pod/p', 'pod/p', 'net/a'])
  })

  test.each([
    { tellSuspect: false, most: 2 * Math.log2(64) + 1 },
    { tellSuspect: true, most: 3 },
  ])('a refused batch is divided: only the owner at fault suffers (%o)', async ({ tellSuspect, most }) => {
    const w = await started()
    w.target.tellSuspect = tellSuspect
    w.target.refuse = owner => (owner === 'pod/p41' ? 'name taken' : undefined)
    const before = { ...w.engine.stats }
    for (let i = 0; i < 64; i++) w.pods.set(`p${i}`, { net: 'a' })
    await w.engine.settled()
    expect(w.engine.stats.batches - before.batches).toBeLessThanOrEqual(most)
    expect(w.target.content.size).toBe(64)
    expect(w.engine.status('pod/p41')).toMatchObject({
      state: 'retry',
      reason: 'Rejected',
      message: 'memory: name taken',
      attempts: 1,
    })
    expect(w.engine.status('pod/p40')).toMatchObject({ state: 'done' })
  })

  test('a batch of which every owner is at fault costs no more than two batches an owner', async () => {
    const w = await started()
    w.target.tellSuspect = true
    w.target.refuse = () => 'no'
    const before = w.engine.stats.batches
    for (let i = 0; i < 64; i++) w.pods.set(`p${i}`, { net: 'a' })
    await w.engine.settled()
    expect(w.engine.stats.batches - before).toBeLessThanOrEqual(128)
    expect(w.engine.statusStore.get('pod/p63')).toMatchObject({ state: 'retry' })
  })

  test('refused owners come back for ever, with capped delays, and apart from the others', async () => {
    const w = await started({ backoff: { initial: 100, cap: 1000 } })
    w.target.refuse = owner => (owner === 'pod/bad' ? 'no' : undefined)
    w.pods.set('bad', { net: 'a' })
    await w.engine.settled()
    const delays: (number | undefined)[] = []
    for (let i = 0; i < 6; i++) {
      delays.push(w.clock.next)
      w.clock.advance(w.clock.next ?? 0)
      w.pods.set(`good${i}`, { net: 'a' })
      await w.engine.settled()
    }
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000])
    expect(w.target.batches.every(owners => owners.length === 1)).toBe(true)
    expect(w.engine.stats.rejections).toBe(7)

    w.target.refuse = () => undefined
    w.clock.advance(1000)
    await w.engine.settled()
    expect(w.engine.status('pod/bad')).toMatchObject({ state: 'done', attempts: 0 })
    expect(w.clock.next).toBeUndefined()
  })

  test('a change of a refused owner is tried at once', async () => {
    const w = await started()
    w.target.refuse = (_owner, _key, value) => (String(value).includes('on a') ? 'no' : undefined)
    w.nets.set('b', 'x')
    w.pods.set('p', { net: 'a' })
    await w.engine.settled()
    w.pods.set('p', { net: 'b' })
    await w.engine.settled()
    expect(w.engine.status('pod/p')).toMatchObject({ state: 'done' })
  })

  test.each(['unavailable', 'unknown', 'lost'] as const)(
    'an outcome "%s" costs nobody an attempt and ends in the right state',
    async outcome => {
      const w = await started()
      w.target.script.push(outcome)
      w.pods.set('p', { net: 'a' })
      const settled = w.engine.settled()
      await until(() => w.clock.next !== undefined)
      expect(w.engine.outages()).toHaveLength(1)
      w.clock.advance(50)
      await settled
      expect(w.engine.outages()).toEqual([])
      expect(w.engine.status('pod/p')).toMatchObject({ state: 'done', attempts: 0 })
      expect(w.target.dump()).toMatchObject({ 'pod p': 'p on a (10.0.0.0/24)' })
      expect(w.engine.recompute()).toEqual([])
    },
  )

  test('a target that is away gets everything when it is back', async () => {
    const w = await started()
    w.target.disconnect()
    w.pods.set('p', { net: 'a' })
    const settled = w.engine.settled()
    await turns(3)
    expect(w.target.content.size).toBe(1)
    w.target.connect()
    await settled
    expect(w.target.content.size).toBe(2)
  })

  test('the outcome of one owner is an input of another', async () => {
    const pods = new Store<string>({ name: 'pods' })
    pods.replace([['p', 'x']])
    const target = new MemoryTarget()
    const conditions = new MemoryTarget('conditions')
    target.refuse = () => 'switch is full'
    const engine: Engine = new Engine({
      clock: new ManualClock(),
      targets: [target, conditions],
      owners: [
        { kind: 'pod', keys: pods, render: key => objects(new MemoryObject('memory', key)) },
        {
          kind: 'condition',
          keys: pods,
          render(key, view) {
            const status = view.get(engine.statusStore, `pod/${key}`)
            return objects(new MemoryObject('conditions', key, status?.message))
          },
        },
      ],
    })
    engine.start()
    await engine.settled()
    expect(conditions.dump()).toEqual({ p: 'memory: switch is full' })
    engine[Symbol.dispose]()
  })
})

test('refused owners get their turn while there is always something new', async () => {
  const w = await started({ backoff: { initial: 1, cap: 1 } })
  w.target.refuse = owner => (owner === 'pod/bad' ? 'no' : undefined)
  w.pods.set('bad', { net: 'a' })
  await w.engine.settled()
  w.target.refuse = () => undefined
  w.clock.advance(1)
  let good = 0
  w.target.gate = async () => void w.pods.set(`good${good++}`, { net: 'a' })
  await until(() => w.engine.status('pod/bad')?.state === 'done')
  w.target.gate = async () => {}
  await w.engine.settled()
})

test('a fight with somebody who changes it back is fought once a second, not as fast as the machine can', async () => {
  const w = await started()
  const warnings: string[] = []
  const logged = world({
    target: w.target,
    logger: { debug() {}, info() {}, error() {}, warn: (_, message) => void warnings.push(message) },
  })
  w.engine[Symbol.dispose]()
  logged.nets.replace([['a', 'ours']])
  logged.pods.replace([])
  let theirs = 0
  const fight = {
    changed: (key: string) => (key === 'net a' ? setImmediate(change) : undefined),
    ready() {},
    resync() {},
  }
  const change = () => {
    if (w.target.content.get('net a')?.value === 'theirs') return
    theirs++
    w.target.disturb('net a', { owner: 'net/a', value: 'theirs' })
  }
  using _other = w.target.attach(fight)
  logged.engine.start()
  await until(() => warnings.length > 0)
  await turns(50)
  expect(theirs).toBeLessThan(60)
  expect(warnings).toEqual(['put right again and again: somebody changes it back, or it never compares equal'])
  const before = theirs
  for (let second = 0; second < 5; second++) {
    logged.clock.advance(1000)
    await turns(20)
  }
  expect(theirs - before).toBe(5)
  logged.engine[Symbol.dispose]()
})
