import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { factsSchema, RawClient, TestClient } from '../testing/clients.ts'
import { startOvsdbServer, type TestServer } from '../testing.ts'
import type { Json, JsonArray, JsonObject } from '../wire/json.ts'

let server: TestServer
let client: TestClient
beforeAll(async () => {
  server = await startOvsdbServer({ schema: factsSchema })
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  client = new TestClient(server.remote)
  await client.transact({ op: 'delete', table: 'Item', where: [] }, { op: 'delete', table: 'Peer', where: [] })
})
afterEach(() => client[Symbol.dispose]())

const byUuid = (uuid: string): JsonArray => [['_uuid', '==', ['uuid', uuid]]]
const monitor = (requests: JsonObject, id: Json = 'm') => client.call('monitor_cond', 'Facts', id, requests)
const items = (columns: readonly string[], where?: JsonArray): JsonObject => ({
  Item: [{ columns, ...(where && { where }) }],
})

describe('the three methods', () => {
  beforeEach(async () => {
    await client.insert('Item', { some: 'x', name: 'a' })
  })

  test('monitor: replies with rows, notifies by update', async () => {
    const reply = (await client.call('monitor', 'Facts', 'm', items(['name', 'n']))) as { Item: JsonObject }
    expect(Object.values(reply.Item)).toEqual([{ new: { name: 'a', n: 0 } }])
    await client.transact({ op: 'update', table: 'Item', where: [], row: { n: 1 } })
    const [id, updates] = (await client.notified(0, /^update$/)) as [Json, { Item: JsonObject }]
    expect(id).toBe('m')
    expect(Object.values(updates.Item)).toEqual([{ old: { n: 0 }, new: { name: 'a', n: 1 } }])
    await client.transact({ op: 'delete', table: 'Item', where: [] })
    const [, deletion] = (await client.notified(1, /^update$/)) as [Json, { Item: JsonObject }]
    expect(Object.values(deletion.Item)).toEqual([{ old: { name: 'a', n: 1 } }])
  })

  test('monitor_cond: replies with rows, notifies by update2, leaves out defaults', async () => {
    const reply = (await monitor(items(['name', 'n', 'opt']))) as { Item: JsonObject }
    expect(Object.values(reply.Item)).toEqual([{ initial: { name: 'a' } }])
    await client.insert('Item', { some: 'x', n: 5 })
    const [id, updates] = (await client.notified(0, /^update2$/)) as [Json, { Item: JsonObject }]
    expect(id).toBe('m')
    expect(Object.values(updates.Item)).toEqual([{ insert: { n: 5 } }])
    await client.transact({ op: 'delete', table: 'Item', where: [['n', '==', 5]] })
    const [, deletion] = (await client.notified(1, /^update2$/)) as [Json, { Item: JsonObject }]
    expect(Object.values(deletion.Item)).toEqual([{ delete: null }])
  })

  test('monitor_cond_since: replies with found, transaction and rows, notifies by update3', async () => {
    const zero = '00000000-0000-0000-0000-000000000000'
    const reply = (await client.call('monitor_cond_since', 'Facts', 'm', items(['name']), zero)) as JsonArray
    // A standalone server keeps no history: nothing is ever found, no transaction has an id.
    expect(reply).toEqual([false, zero, { Item: expect.any(Object) }])
    await client.insert('Item', { some: 'x', name: 'b' })
    expect(await client.notified(0, /^update3$/)).toEqual(['m', zero, { Item: expect.any(Object) }])
  })
})

describe('requests', () => {
  test('without columns every column is monitored, _version too, _uuid not', async () => {
    await client.insert('Peer', { name: 'p' })
    const { Peer } = (await monitor({ Peer: [{}] })) as { Peer: JsonObject }
    expect(Object.values(Peer)).toEqual([{ initial: { name: 'p', _version: ['uuid', expect.any(String)] } }])
  })

  test('two requests for one table must not share a column', async () => {
    await expect(monitor({ Item: [{ columns: ['name'] }, { columns: ['name', 'n'] }] })).rejects.toMatchObject({
      code: 'syntax error',
    })
    expect(await monitor({ Item: [{ columns: ['name'] }, { columns: ['n'] }] })).toEqual({})
  })

  test('ids are any JSON, and unique in the session over all methods', async () => {
    const id = ['monid', { a: 1 }]
    await monitor(items(['name']), id)
    await expect(monitor(items(['n']), id)).rejects.toMatchObject({ details: 'duplicate monitor ID' })
    await expect(client.call('monitor', 'Facts', id, items(['n']))).rejects.toMatchObject({ code: 'syntax error' })
  })

  test('ends with monitor_cancel', async () => {
    await monitor(items(['name']))
    expect(await client.call('monitor_cancel', 'm')).toEqual({})
    await client.insert('Item', { some: 'x' })
    expect(client.count()).toBe(0)
  })
})

describe('conditions', () => {
  const rows = async (where: JsonArray): Promise<number> => {
    using other = new TestClient(server.remote)
    const reply = (await other.call('monitor_cond', 'Facts', 'm', items(['name'], where))) as { Item?: JsonObject }
    return Object.keys(reply.Item ?? {}).length
  }

  test('clauses of a monitor are alternatives; none at all means every row, [false] no row', async () => {
    for (const name of ['a', 'b', 'c']) await client.insert('Item', { some: 'x', name })
    expect(
      await rows([
        ['name', '==', 'a'],
        ['name', '==', 'b'],
      ]),
    ).toBe(2)
    expect(await rows([])).toBe(3)
    expect(await rows([true])).toBe(3)
    expect(await rows([false])).toBe(0)
  })

  test('may use columns that are not monitored; a row enters as insert and leaves as delete', async () => {
    const uuid = await client.insert('Item', { some: 'x', name: 'a', n: 1 })
    expect(await monitor(items(['name'], [['n', '==', 2]]))).toEqual({})
    await client.transact({ op: 'update', table: 'Item', where: byUuid(uuid), row: { n: 2 } })
    expect(await client.notified(0)).toEqual(['m', { Item: { [uuid]: { insert: { name: 'a' } } } }])
    await client.transact({ op: 'update', table: 'Item', where: byUuid(uuid), row: { n: 3 } })
    expect(await client.notified(1)).toEqual(['m', { Item: { [uuid]: { delete: null } } }])
  })

  test('the effect of a changed condition comes before the reply', async () => {
    const uuid = await client.insert('Item', { some: 'x', name: 'a' })
    await monitor(items(['name'], [false]))
    await client.call('monitor_cond_change', 'm', 'm', { Item: [{ where: [true] }] })
    expect(client.notifications.map(({ params }) => params)).toEqual([
      ['m', { Item: { [uuid]: { insert: { name: 'a' } } } }],
    ])
    await client.call('monitor_cond_change', 'm', 'm2', { Item: [{ where: [false] }] })
    expect(client.notifications[1]?.params).toEqual(['m2', { Item: { [uuid]: { delete: null } } }])
  })

  test('tables that a change does not mention keep theirs', async () => {
    await client.insert('Peer', { name: 'p' })
    await monitor({ ...items(['name'], [false]), Peer: [{ columns: ['name'], where: [true] }] })
    await client.call('monitor_cond_change', 'm', 'm', { Item: [{ where: [true] }] })
    expect(client.count()).toBe(0)
  })
})

describe('differences', () => {
  /** What a monitor says when a row with `before` is changed by `row`. */
  async function diff(before: JsonObject, row: JsonObject): Promise<JsonObject> {
    const uuid = await client.insert('Item', { some: 'x', ...before })
    await monitor(items(Object.keys(row)))
    await client.transact({ op: 'update', table: 'Item', where: byUuid(uuid), row })
    const [, { Item }] = (await client.notified(0)) as [Json, { Item: { [uuid: string]: { modify: JsonObject } } }]
    return Item[uuid]?.modify ?? {}
  }
  const set = (...elements: Json[]): Json => ['set', elements]
  const map = (...entries: [string, string][]): Json => ['map', entries]

  test.each([
    ['a scalar: the new value', { n: 1 }, { n: 2 }, { n: 2 }],
    ['a scalar back to its default: the default', { n: 1 }, { n: 0 }, { n: 0 }],
    ['an optional: the new value', { opt: 'a' }, { opt: 'b' }, { opt: 'b' }],
    ['an optional cleared: the empty set', { opt: 'a' }, { opt: set() }, { opt: set() }],
    [
      'a set: what was added and what was removed',
      { tags: set('a', 'b') },
      { tags: set('b', 'c') },
      { tags: set('a', 'c') },
    ],
    ['a bounded set, beyond its bound', { few: set(1, 2, 3) }, { few: set(4, 5, 6) }, { few: set(1, 2, 3, 4, 5, 6) }],
    [
      'a map: keys removed as they were, changed and added as they are',
      { attrs: map(['a', '1'], ['b', '1']) },
      { attrs: map(['b', '2'], ['c', '1']) },
      { attrs: map(['a', '1'], ['b', '2'], ['c', '1']) },
    ],
  ] as [string, JsonObject, JsonObject, JsonObject][])('%s', async (_what, before, row, expected) => {
    expect(await diff(before, row)).toEqual(expected)
  })

  test("a modification may be empty: a column of another session's condition changed", async () => {
    const uuid = await client.insert('Item', { some: 'x', name: 'a', n: 1 })
    using other = new TestClient(server.remote)
    await other.call('monitor_cond', 'Facts', 'o', items(['name'], [['n', '<', 100]]))
    await monitor(items(['name']))
    await client.transact({ op: 'update', table: 'Item', where: byUuid(uuid), row: { n: 2 } })
    await client.call('echo')
    const updates = client.notifications.map(({ params }) => params[1])
    // Whether it comes depends on the order in which the server made the monitors; if it does, it says nothing.
    for (const update of updates) expect(update).toEqual({ Item: { [uuid]: { modify: {} } } })
    expect(updates).toHaveLength(1)
  })
})

describe('what is told and what is not', () => {
  test('own changes come before the reply of the transact', async () => {
    await monitor(items(['name']))
    await client.insert('Item', { some: 'x', name: 'a' })
    expect(client.count()).toBe(1)
  })

  test('a write that changes nothing is told to nobody', async () => {
    const uuid = await client.insert('Item', { some: 'x', name: 'a' })
    await monitor({ Item: [{}] })
    const same = { op: 'update', table: 'Item', where: byUuid(uuid), row: { name: 'a' } }
    expect(await client.transact(same)).toEqual([{ count: 1 }])
    await client.call('echo')
    expect(client.count()).toBe(0)
  })

  test('insert and delete in one transaction are told to nobody', async () => {
    await monitor(items(['name']))
    await client.transact(
      { op: 'insert', table: 'Item', row: { some: 'x', name: 'short-lived' } },
      { op: 'delete', table: 'Item', where: [['name', '==', 'short-lived']] },
    )
    await client.call('echo')
    expect(client.count()).toBe(0)
  })

  test('deleting a row takes it out of weak references elsewhere: a modification there', async () => {
    const peer = await client.insert('Peer', { name: 'p' })
    const uuid = await client.insert('Item', { some: 'x', peers: ['uuid', peer] })
    await monitor(items(['peers']))
    await client.transact({ op: 'delete', table: 'Peer', where: byUuid(peer) })
    expect(await client.notified(0)).toEqual(['m', { Item: { [uuid]: { modify: { peers: ['uuid', peer] } } } }])
  })

  test('one update is not one transaction: for a reader that does not read the server merges them', async () => {
    using raw = new RawClient(server.remote)
    raw.send(JSON.stringify({ id: 1, method: 'monitor_cond', params: ['Facts', 'm', items(['name', 'attrs'])] }))
    await raw.next()
    raw.pause()
    const big = ['map', Array.from({ length: 300 }, (_, n) => [`k${n}`, 'x'.repeat(300)])]
    for (let n = 0; n < 200; n++) await client.insert('Item', { some: 'x', name: `${n}`, attrs: big })
    raw.resume()
    const rows = new Set<string>()
    let messages = 0
    while (rows.size < 200) {
      const { params } = (await raw.next()) as { params: [Json, { Item: JsonObject }] }
      for (const uuid of Object.keys(params[1].Item)) rows.add(uuid)
      messages++
    }
    expect(messages).toBeLessThan(100)
  })
})
