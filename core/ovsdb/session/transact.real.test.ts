import { randomUUID } from 'node:crypto'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { factsSchema, rootlessSchema, TestClient } from '../testing/clients.ts'
import { startOvsdbServer, type TestServer } from '../testing.ts'
import type { Json, JsonArray, JsonObject } from '../wire/json.ts'

let server: TestServer
let client: TestClient
beforeAll(async () => {
  server = await startOvsdbServer({ schema: factsSchema })
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => {
  client = new TestClient(server.remote)
})
afterEach(() => client[Symbol.dispose]())

const name = (): string => `n${randomUUID()}`
const byUuid = (uuid: string): JsonArray => [['_uuid', '==', ['uuid', uuid]]]
const item = (row: JsonObject = {}): JsonObject => ({ op: 'insert', table: 'Item', row: { some: 'x', ...row } })

async function read(uuid: string, column: string): Promise<Json | undefined> {
  const [row] = await client.select('Item', [column], byUuid(uuid))
  return row?.[column]
}

describe('results', () => {
  test('results, then the error of the failing operation, then null for what was not run', async () => {
    const results = await client.transact(item(), { op: 'abort' }, item())
    expect(results).toEqual([
      { uuid: ['uuid', expect.any(String)] },
      expect.objectContaining({ error: 'aborted' }),
      null,
    ])
  })

  test('a commit that fails after all operations succeeded gives one result more', async () => {
    const twice = { op: 'insert', table: 'Single', row: {} }
    const results = await client.transact(twice, twice)
    expect(results).toHaveLength(3)
    expect(results[2]).toMatchObject({ error: 'constraint violation' })
  })

  test('each operation has its own form of success', async () => {
    const where = [['name', '==', 'nobody']]
    const results = await client.transact(
      { op: 'insert', table: 'Peer', row: { name: name() } },
      { op: 'select', table: 'Peer', where, columns: ['name'] },
      { op: 'update', table: 'Peer', where, row: { name: 'x' } },
      { op: 'mutate', table: 'Item', where, mutations: [] },
      { op: 'delete', table: 'Peer', where },
      { op: 'wait', table: 'Peer', where, columns: ['name'], until: '==', rows: [], timeout: 0 },
      { op: 'comment', comment: 'hello' },
      { op: 'commit', durable: true },
    )
    const count = { count: 0 }
    expect(results).toEqual([{ uuid: ['uuid', expect.any(String)] }, { rows: [] }, count, count, count, {}, {}, {}])
  })
})

describe('what is checked when', () => {
  test.each([
    ['type', { n: 'text' }],
    ['range', { small: 101 }],
    ['unknown column', { nonsense: 1 }],
  ])('%s: at once, at the place of the operation', async (_what, row) => {
    const results = await client.transact(item(row), item())
    expect(results).toEqual([expect.objectContaining({ error: expect.any(String) }), null])
  })

  test.each([
    ['strong references', [item({ children: ['uuid', randomUUID()] })], 'referential integrity violation'],
    ['indexes', [1, 2].map(() => ({ op: 'insert', table: 'Peer', row: { name: 'same' } })), 'constraint violation'],
  ] as [string, JsonObject[], string][])('%s: at commit', async (_what, operations, error) => {
    const results = await client.transact(...operations)
    expect(results).toHaveLength(operations.length + 1)
    expect(results.at(-1)).toMatchObject({ error })
  })

  test('a duplicate that the same transaction cures is none', async () => {
    const same = name()
    const uuid = await client.insert('Peer', { name: same })
    const results = await client.transact(
      { op: 'insert', table: 'Peer', row: { name: same } },
      { op: 'update', table: 'Peer', where: byUuid(uuid), row: { name: name() } },
    )
    expect(results).toHaveLength(2)
  })

  test('deleting a row that is strongly referenced is refused', async () => {
    const [child] = (await client.transact(
      { op: 'insert', table: 'Child', row: {}, 'uuid-name': 'c' },
      item({ children: ['named-uuid', 'c'] }),
    )) as [{ uuid: [string, string] }]
    const results = await client.transact({ op: 'delete', table: 'Child', where: byUuid(child.uuid[1]) })
    expect(results.at(-1)).toMatchObject({ error: 'referential integrity violation' })
  })
})

describe('garbage collection', () => {
  test('an unreferenced row of a non-root table is reported as inserted and never exists', async () => {
    const uuid = await client.insert('Child', { name: 'orphan' })
    expect(await client.select('Child', ['name'], byUuid(uuid))).toEqual([])
  })

  test('if no table of a schema is a root, all are', async () => {
    await using rootless = await startOvsdbServer({ schema: rootlessSchema })
    using other = new TestClient(rootless.remote, 'Rootless')
    const uuid = await other.insert('Thing', { name: 'stays' })
    expect(await other.select('Thing', ['name'], byUuid(uuid))).toEqual([{ name: 'stays' }])
  })

  test('a weak reference to a missing row vanishes at commit, but a select before still shows it', async () => {
    const nobody = ['uuid', randomUUID()]
    const own = name()
    const results = (await client.transact(
      { ...item({ name: own, peers: nobody }) },
      { op: 'select', table: 'Item', where: [['name', '==', own]], columns: ['peers'] },
    )) as [JsonObject, JsonObject]
    expect(results[1]).toEqual({ rows: [{ peers: nobody }] })
    expect(await client.select('Item', ['peers'], [['name', '==', own]])).toEqual([{ peers: ['set', []] }])
  })
})

describe('names for rows to be', () => {
  test('may be used before the insert that defines them', async () => {
    const results = await client.transact(item({ children: ['named-uuid', 'later'] }), {
      op: 'insert',
      table: 'Child',
      row: {},
      'uuid-name': 'later',
    })
    expect(results).toHaveLength(2)
  })

  test('undefined ones: a strong reference fails, a weak one is dropped', async () => {
    const strong = await client.transact(item({ children: ['named-uuid', 'nobody'] }))
    expect(strong.at(-1)).toMatchObject({ error: 'referential integrity violation' })
    const own = name()
    expect(await client.transact(item({ name: own, peers: ['named-uuid', 'nobody'] }))).toHaveLength(1)
    expect(await client.select('Item', ['peers'], [['name', '==', own]])).toEqual([{ peers: ['set', []] }])
  })

  test('must be identifiers', async () => {
    const [result] = await client.transact({ ...item(), 'uuid-name': 'not-an-id' })
    expect(result).toMatchObject({ error: 'syntax error' })
  })

  test('must be unique: "duplicate uuid-name"', async () => {
    const results = await client.transact({ ...item(), 'uuid-name': 'a' }, { ...item(), 'uuid-name': 'a' })
    expect(results[1]).toMatchObject({ error: 'duplicate uuid-name' })
  })

  test('a UUID of our own is taken; a second row with it is refused', async () => {
    const uuid = randomUUID()
    const insert = { op: 'insert', table: 'Peer', row: { name: name() }, uuid }
    expect(await client.transact(insert)).toEqual([{ uuid: ['uuid', uuid] }])
    const [again] = await client.transact({ ...insert, row: { name: name() } })
    expect(again).toMatchObject({ error: 'duplicate uuid' })
  })
})

describe('conditions', () => {
  test('clauses of a transact are all required, of none every row matches', async () => {
    const own = name()
    await client.transact(item({ name: own, n: 1 }), item({ name: own, n: 2 }))
    const both = [
      ['name', '==', own],
      ['n', '==', 2],
    ]
    expect(await client.select('Item', ['n'], both)).toEqual([{ n: 2 }])
    expect((await client.select('Item', ['_uuid'])).length).toBeGreaterThanOrEqual(2)
  })

  test('a bare boolean is a clause', async () => {
    await client.insert('Item', { some: 'x' })
    expect(await client.select('Item', ['_uuid'], [false])).toEqual([])
    expect((await client.select('Item', ['_uuid'], [true])).length).toBeGreaterThan(0)
  })

  test('an order works on optional numbers and is false for empty ones', async () => {
    const own = name()
    await client.transact(item({ name: own, num: 5 }), item({ name: own }))
    expect(
      await client.select(
        'Item',
        ['num'],
        [
          ['name', '==', own],
          ['num', '<', 6],
        ],
      ),
    ).toEqual([{ num: 5 }])
    expect(
      await client.select(
        'Item',
        ['num'],
        [
          ['name', '==', own],
          ['num', '>=', 0],
        ],
      ),
    ).toEqual([{ num: 5 }])
  })

  test('includes on a map compares key and value', async () => {
    const own = name()
    await client.insert('Item', {
      some: 'x',
      name: own,
      attrs: [
        'map',
        [
          ['k', 'v'],
          ['l', 'w'],
        ],
      ],
    })
    const find = (pair: Json) =>
      client.select(
        'Item',
        ['name'],
        [
          ['name', '==', own],
          ['attrs', 'includes', ['map', [pair]]],
        ],
      )
    expect(await find(['k', 'v'])).toHaveLength(1)
    expect(await find(['k', 'w'])).toHaveLength(0)
  })

  test('select gives distinct rows; with _uuid all of them', async () => {
    const own = name()
    await client.transact(item({ name: own }), item({ name: own }))
    expect(await client.select('Item', ['name'], [['name', '==', own]])).toHaveLength(1)
    expect(await client.select('Item', ['name', '_uuid'], [['name', '==', own]])).toHaveLength(2)
  })
})

describe('mutate', () => {
  async function mutate(row: JsonObject, column: string, ...mutations: JsonArray[]): Promise<Json | undefined> {
    const uuid = await client.insert('Item', { some: 'x', ...row })
    const results = (await client.transact({
      op: 'mutate',
      table: 'Item',
      where: byUuid(uuid),
      mutations: mutations.map(mutation => [column, ...mutation]),
    })) as JsonObject[]
    return results[0]?.error ?? read(uuid, column)
  }
  const pairs = (...entries: [string, string][]): Json => ['map', entries]

  test('insert into a map never overwrites', async () => {
    expect(await mutate({ attrs: pairs(['k', 'old']) }, 'attrs', ['insert', pairs(['k', 'new'], ['l', '1'])])).toEqual(
      pairs(['k', 'old'], ['l', '1']),
    )
  })

  test('delete of the key and insert in one mutate sets it', async () => {
    const mutations: JsonArray[] = [
      ['delete', ['set', ['k']]],
      ['insert', pairs(['k', 'new'])],
    ]
    expect(await mutate({ attrs: pairs(['k', 'old']) }, 'attrs', ...mutations)).toEqual(pairs(['k', 'new']))
  })

  test('delete from a map takes keys, or pairs that must match whole', async () => {
    const attrs = pairs(['a', '1'], ['b', '2'])
    expect(await mutate({ attrs }, 'attrs', ['delete', ['set', ['a', 'c']]])).toEqual(pairs(['b', '2']))
    expect(await mutate({ attrs }, 'attrs', ['delete', pairs(['a', '2'], ['b', '2'])])).toEqual(pairs(['a', '1']))
  })

  test('elements that are there are not inserted twice, missing ones are deleted silently', async () => {
    expect(await mutate({ tags: 'a' }, 'tags', ['insert', ['set', ['a', 'b']]])).toEqual(['set', ['a', 'b']])
    expect(await mutate({ tags: 'a' }, 'tags', ['delete', ['set', ['b']]])).toBe('a')
  })

  test('no mutations at all count rows', async () => {
    const own = name()
    await client.transact(item({ name: own }), item({ name: own }))
    const where = [['name', '==', own]]
    expect(await client.transact({ op: 'mutate', table: 'Item', where, mutations: [] })).toEqual([{ count: 2 }])
  })

  test('arithmetic works on sets, too', async () => {
    expect(await mutate({ ints: ['set', [1, 2, 3]] }, 'ints', ['*=', 10])).toEqual(['set', [10, 20, 30]])
  })

  test('division by zero is a domain error, overflow a range error', async () => {
    expect(await mutate({ n: 1 }, 'n', ['/=', 0])).toBe('domain error')
    expect(await mutate({ n: 9223372036854775807n }, 'n', ['+=', 1])).toBe('range error')
  })
})

describe('update, wait, abort, assert', () => {
  test('an immutable column cannot be updated', async () => {
    const uuid = await client.insert('Item', { some: 'x', fixed: 'a' })
    const [result] = await client.transact({ op: 'update', table: 'Item', where: byUuid(uuid), row: { fixed: 'b' } })
    expect(result).toMatchObject({ error: 'constraint violation' })
  })

  test('wait with timeout 0 tests now', async () => {
    const uuid = await client.insert('Item', { some: 'x', name: 'a' })
    const wait = { op: 'wait', table: 'Item', where: byUuid(uuid), columns: ['name'], until: '==', timeout: 0 }
    expect(await client.transact({ ...wait, rows: [{ name: 'a' }] })).toEqual([{}])
    const [result] = await client.transact({ ...wait, rows: [{ name: 'b' }] })
    expect(result).toMatchObject({ error: 'timed out', details: '"where" clause test failed' })
  })

  test('wait without timeout waits until it comes true; later calls are answered before', async () => {
    const own = name()
    const order: string[] = []
    const wait = {
      op: 'wait',
      table: 'Item',
      where: [['name', '==', own]],
      columns: ['name'],
      until: '==',
      rows: [{ name: own }],
    }
    const waiting = client.transact(wait).then(() => order.push('waited'))
    await client.transact({ op: 'comment', comment: 'x' })
    order.push('later call')
    await client.insert('Item', { some: 'x', name: own })
    await waiting
    expect(order).toEqual(['later call', 'waited'])
  })

  test('wait compares the set of distinct rows, absent columns with their default', async () => {
    const own = name()
    await client.transact(item({ name: own }), item({ name: own }))
    const wait = {
      op: 'wait',
      table: 'Item',
      where: [['name', '==', own]],
      columns: ['name', 'n'],
      until: '==',
      timeout: 0,
    }
    expect(await client.transact({ ...wait, rows: [{ name: own }] })).toEqual([{}])
  })

  test('assert needs a lock that this session owns', async () => {
    const [result] = await client.transact({ op: 'assert', lock: 'mine' })
    expect(result).toMatchObject({ error: 'not owner' })
  })
})

describe('cancel', () => {
  const wait = { op: 'wait', table: 'Item', where: [], columns: ['name'], until: '==', rows: [{ name: 'never' }] }

  test('is a notification: as a request it is unknown', async () => {
    await expect(client.call('cancel', 1)).rejects.toMatchObject({ code: 'unknown method' })
  })

  test('the cancelled call is answered "canceled" in change-aware sessions', async () => {
    await client.call('set_db_change_aware', true)
    const waiting = client.session.call('transact', ['Facts', wait], { timeout: 0 })
    client.session.notify('cancel', [2])
    await expect(waiting).rejects.toMatchObject({ code: 'canceled' })
  })

  test('in others it never is: the session settles it itself', async () => {
    const raw: Promise<Json> = client.session.call('transact', ['Facts', wait], { timeout: 0 })
    let answered = false
    const ended = raw.then(
      () => {
        answered = true
      },
      () => undefined,
    )
    client.session.notify('cancel', [1])
    await client.call('echo')
    await client.call('echo')
    expect(answered).toBe(false)
    client.session.close(new Error('the test is over'))
    await ended

    using other = new TestClient(server.remote)
    const abort = new AbortController()
    const aborted = other.session.call('transact', ['Facts', wait], { signal: abort.signal })
    await waitUntil('the server got it', () => other.call('echo'))
    abort.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    expect(await other.call('echo', 1)).toEqual([1])
  })
})
