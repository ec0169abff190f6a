import { startOvsdbServer } from '@ovnkit/ovsdb/testing'
import { waitUntil } from '@ovnkit/testing'
import { expect, test } from 'vitest'
import { Northbound, newSources, openNorthbound, SCHEMA } from './northbound.fixture.ts'

const PODS = 300

test('two processes on a Raft cluster: its leader moves and dies, ours hands over, nothing is lost or done twice', async () => {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startOvsdbServer({ schema: SCHEMA, model: 'raft' }))
  const sources = newSources()
  const first = new Northbound(stack.use(await openNorthbound(server.remote)), sources)
  const second = new Northbound(stack.use(await openNorthbound(server.remote)), sources)
  stack.defer(() => first.engine[Symbol.dispose]())
  stack.defer(() => second.engine[Symbol.dispose]())
  first.engine.start()
  second.engine.start({ standby: true })
  sources.nets.set('a', '10.0.0.0/24')
  sources.groups.set('g', 'g')

  const addPods = (round: number) => {
    for (let i = 0; i < PODS; i++) {
      sources.pods.set(`p${round}-${i}`, { net: 'a', address: `10.0.${round}.${i & 255}`, group: 'g' })
    }
  }
  addPods(0)
  await waitUntil('the first transaction is on its way', () => first.transactions.length > 0)
  await server.transferLeader()
  await first.engine.settled()

  addPods(1)
  const sent = first.transactions.length
  await waitUntil('a transaction is on its way', () => first.transactions.length > sent)
  const dead = await server.leader()
  await server.kill(dead)
  first.engine.pause()
  second.engine.resume()
  await second.engine.settled()

  expect(second.db.table('Logical_Switch_Port').size).toBe(2 * PODS)
  expect(second.engine.recompute()).toEqual([])

  await server.restart(dead)
  second.engine.pause()
  await waitUntil(
    'the former leader has seen everything',
    () => first.db.table('Logical_Switch_Port').size === 2 * PODS,
  )
  const { operations } = first.engine.stats
  first.engine.resume()
  await first.engine.settled()
  expect(first.engine.stats.operations).toBe(operations)
})
