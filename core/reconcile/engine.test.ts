import { describe, expect, test } from 'vitest'
import { Engine } from './engine.ts'
import { ManualClock } from './manual-clock.ts'
import { MemoryObject, MemoryTarget } from './memory-target.ts'
import type { EngineOptions } from './options.ts'
import type { OwnerKind, Rendered, View } from './owner.ts'
import { Store } from './store.ts'

interface Pod {
  readonly net: string
  readonly problem?: 'wait' | 'invalid'
}

/** Networks and pods on them: a pod is an object that needs its network's. */
function world(options: Partial<EngineOptions> & { target?: MemoryTarget } = {}) {
  const nets = new Store<string>({ name: 'nets' })
  const pods = new Store<Pod>({ name: 'pods', indexes: { byNet: pod => [pod.net] } })
  const target = options.target ?? new MemoryTarget()
  const clock = new ManualClock()
  const rendered: string[] = []
  const net: OwnerKind = {
    kind: 'net',
    keys: nets,
    order: 0,
    render(key, view) {
      rendered.push(`net/${key}`)
      return objects(new MemoryObject(target.name, `net ${key}`, view.get(nets, key)))
    },
  }
  const pod: OwnerKind = {
    kind: 'pod',
    keys: pods,
    order: 1,
    render(key, view) {
      rendered.push(`pod/${key}`)
      const pod = view.get(pods, key)
      if (!pod) return objects()
      if (pod.problem === 'wait') return { kind: 'wait', reason: 'NoAddress' }
      if (pod.problem === 'invalid') return { kind: 'invalid', reason: 'BadRequest', message: 'not an address' }
      const value = `${key} on ${pod.net} (${view.get(nets, pod.net)})`
      return objects(new MemoryObject(target.name, `pod ${key}`, value, { needs: [`net ${pod.net}`] }))
    },
  }
  const engine = new Engine({ owners: [pod, net], targets: [target], clock, ...options })
  return { nets, pods, target, clock, rendered, engine }
}

const objects = (...objects: MemoryObject[]): Rendered => ({ kind: 'objects', objects })

async function started(options?: Parameters<typeof world>[0]) {
  const w = world(options)
  w.nets.replace([['a', '10.0.0.0/24']])
  w.pods.replace([])
  w.engine.start()
  await w.engine.settled()
  return w
}

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

  test('one changed owner among 10,000 costs one render, one comparison, one operation, one commit', async () => {
    const w = await started()
    for (let i = 0; i < 10_000; i++) w.pods.set(`p${i}`, { net: 'a' })
    w.nets.set('b', 'other')
    await w.engine.settled()
    const before = { ...w.engine.stats }
    w.pods.set('p5000', { net: 'b' })
    await w.engine.settled()
    // The second comparison is the target's own echo of the change: it finds nothing.
    expect(difference(w.engine.stats, before)).toEqual({ renders: 1, diffs: 2, operations: 1, batches: 1, commits: 1 })
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

describe('leadership', () => {
  test('a standby observes, and on resume commits the difference only', async () => {
    const target = new MemoryTarget()
    const leader = world({ target })
    leader.nets.replace([['a', 'x']])
    leader.pods.replace([
      ['p', { net: 'a' }],
      ['q', { net: 'a' }],
    ])
    leader.engine.start()
    await leader.engine.settled()
    leader.engine[Symbol.dispose]()

    const standby = world({ target })
    standby.engine.start({ standby: true })
    standby.nets.replace([['a', 'x']])
    standby.pods.replace([
      ['q', { net: 'a' }],
      ['r', { net: 'a' }],
    ])
    await standby.engine.settled()
    expect(standby.engine.stats.renders).toBe(0)
    standby.engine.resume()
    await standby.engine.settled()
    expect(Object.keys(target.dump())).toEqual(['net a', 'pod q', 'pod r'])
    expect(standby.engine.stats.operations).toBe(2)
  })

  test('pause stops commits, resume repairs what another leader did meanwhile', async () => {
    const w = await started()
    w.pods.set('p', { net: 'a' })
    await w.engine.settled()
    w.engine.pause()
    w.pods.set('q', { net: 'a' })
    w.target.disturb('pod p', { owner: 'pod/p', value: 'of the other leader' })
    w.target.disturb('pod other', { owner: 'pod/other', value: 1 })
    await w.engine.settled()
    expect(w.engine.stats.operations).toBe(2)
    w.engine.resume()
    await w.engine.settled()
    expect(w.target.dump()).toMatchObject({ 'pod p': 'p on a (10.0.0.0/24)' })
    expect(Object.keys(w.target.dump())).toEqual(['net a', 'pod p', 'pod q'])
    expect(w.engine.recompute()).toEqual([])
  })
})

test('a new leader commits nothing that is out of date', async () => {
  const w = await started()
  for (let i = 0; i < 3000; i++) w.pods.set(`p${i}`, { net: 'a' })
  await w.engine.settled()
  w.engine.pause()
  w.nets.set('a', 'new')
  // The other leader has done its work.
  w.target.content.set('net a', { owner: 'net/a', value: 'new' })
  for (let i = 0; i < 3000; i++) w.target.content.set(`pod p${i}`, { owner: `pod/p${i}`, value: `p${i} on a (new)` })
  const { operations } = w.engine.stats
  w.engine.resume()
  await w.engine.settled()
  expect(w.engine.stats.operations).toBe(operations)
})

test('a refused batch is not divided further after the leadership was lost', async () => {
  const w = await started()
  w.target.refuse = () => 'no'
  const flight = Promise.withResolvers<void>()
  w.target.gate = () => flight.promise
  for (let i = 0; i < 8; i++) w.pods.set(`p${i}`, { net: 'a' })
  await turns(3)
  const sent = w.target.batches.length
  w.engine.pause()
  flight.resolve()
  await w.engine.settled()
  expect(w.target.batches).toHaveLength(sent)
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

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i++) await turns(1)
  if (!condition()) throw new Error(`still not true after 1,000 turns: ${condition}`)
}
