import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { factsSchema, TestClient } from '../testing/clients.ts'
import { startOvsdbServer, type TestServer } from '../testing.ts'
import type { Json, JsonObject } from '../wire/json.ts'

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

/** Inserts an Item with these columns and reads them back. */
async function roundTrip(row: JsonObject): Promise<JsonObject | undefined> {
  const uuid = await client.insert('Item', { some: 'x', ...row })
  const [read] = await client.select('Item', Object.keys(row), [['_uuid', '==', ['uuid', uuid]]])
  return read
}

async function errorOf(operation: JsonObject): Promise<JsonObject> {
  const results = (await client.transact(operation)) as JsonObject[]
  return results.find(result => result?.error !== undefined) ?? {}
}

describe('encoding of values', () => {
  test.each([
    ['a set of one is the bare atom', 'tags', ['set', ['a']], 'a'],
    ['also if it was sent bare', 'tags', 'a', 'a'],
    ['an empty set has the long form', 'tags', ['set', []], ['set', []]],
    ['sets are sorted', 'ints', ['set', [3, 1, 2]], ['set', [1, 2, 3]]],
    ['an empty optional is an empty set', 'opt', ['set', []], ['set', []]],
    ['a full optional is the atom', 'opt', ['set', ['a']], 'a'],
    ['a map of one pair has the long form', 'attrs', ['map', [['k', 'v']]], ['map', [['k', 'v']]]],
    [
      'maps are sorted by key',
      'attrs',
      [
        'map',
        [
          ['b', '1'],
          ['a', '2'],
        ],
      ],
      [
        'map',
        [
          ['a', '2'],
          ['b', '1'],
        ],
      ],
    ],
  ] as [string, string, Json, Json][])('%s', async (_what, column, sent, read) => {
    expect(await roundTrip({ [column]: sent })).toEqual({ [column]: read })
  })

  test('a set of one UUID looks like a UUID', async () => {
    const [{ uuid }] = (await client.transact(
      { op: 'insert', table: 'Child', row: { name: 'c' }, 'uuid-name': 'c' },
      { op: 'insert', table: 'Item', row: { some: 'x', name: 'parent', children: ['named-uuid', 'c'] } },
    )) as [{ uuid: Json }]
    expect(await client.select('Item', ['children'], [['name', '==', 'parent']])).toEqual([{ children: uuid }])
  })

  test('a repeated element is refused', async () => {
    const error = await errorOf({ op: 'insert', table: 'Item', row: { some: 'x', tags: ['set', ['a', 'a']] } })
    expect(error).toMatchObject({ error: 'ovsdb error', details: expect.stringContaining('set contains duplicate') })
  })

  test('a repeated key is refused', async () => {
    const attrs = [
      'map',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ]
    const error = await errorOf({ op: 'insert', table: 'Item', row: { some: 'x', attrs } })
    expect(error).toMatchObject({
      error: 'ovsdb error',
      details: expect.stringContaining('map contains duplicate key'),
    })
  })

  test('a column of invalid UTF-8 is a constraint violation', async () => {
    const { RawClient } = await import('../testing/clients.ts')
    using raw = new RawClient(server.remote)
    const insert = '{"op":"insert","table":"Item","row":{"some":"X"}}'
    const request = `{"id":1,"method":"transact","params":["Facts",${insert}]}`
    raw.send(Buffer.from(request.replace('X', '\xff'), 'latin1'))
    expect(JSON.stringify(await raw.next())).toContain('constraint violation')
  })
})

describe('defaults', () => {
  test('are zero, empty, false, and one default element where one is needed', async () => {
    const columns = ['name', 'n', 'r', 'b', 'opt', 'ints', 'attrs', 'some', 'small', 'peers']
    const uuid = await client.insert('Item', {})
    expect(await client.select('Item', columns, [['_uuid', '==', ['uuid', uuid]]])).toEqual([
      {
        name: '',
        n: 0,
        r: 0,
        b: false,
        opt: ['set', []],
        ints: ['set', []],
        attrs: ['map', []],
        some: '',
        small: 0,
        peers: ['set', []],
      },
    ])
  })

  test('an enumeration without the empty string has no legal default', async () => {
    expect(await errorOf({ op: 'insert', table: 'Moded', row: {} })).toMatchObject({ error: 'constraint violation' })
    expect(await errorOf({ op: 'insert', table: 'Moded', row: { mode: 'a' } })).toEqual({})
  })

  test('a strong reference has no legal default', async () => {
    expect(await errorOf({ op: 'insert', table: 'Bound', row: {} })).toMatchObject({
      error: 'referential integrity violation',
    })
  })
})

describe('immutables', () => {
  test.each(['_uuid', '_version'])('%s exists in every table and cannot be set', async column => {
    const uuid = await client.insert('Peer', { name: randomUUID() })
    const [row] = await client.select('Peer', [column], [['_uuid', '==', ['uuid', uuid]]])
    expect(row?.[column]).toEqual(['uuid', expect.stringMatching(/^[0-9a-f-]{36}$/)])
    const error = await errorOf({ op: 'update', table: 'Peer', where: [], row: { [column]: ['uuid', uuid] } })
    expect(error.error).toBeTypeOf('string')
  })
})

describe('constraints', () => {
  test.each([
    ['a range', { small: 101 }],
    ['a length, counted in characters', { short: '123456' }],
    ['the number of elements', { few: ['set', [1, 2, 3, 4]] }],
  ])('%s is checked', async (_what, row) => {
    expect((await errorOf({ op: 'insert', table: 'Item', row: { some: 'x', ...row } })).error).toMatch(
      /constraint violation|syntax error/,
    )
  })

  test('a character outside of the basic plane counts once', async () => {
    expect(await roundTrip({ short: '🐢🐢🐢🐢🐢' })).toEqual({ short: '🐢🐢🐢🐢🐢' })
  })
})
