import { describe, expect, test } from 'vitest'
import { started, turns, world } from './engine.fixture.ts'
import { MemoryTarget } from './memory-target.ts'

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
