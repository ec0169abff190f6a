import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { factsSchema, RawClient, TestClient } from '../testing/clients.ts'
import { startOvsdbServer, type TestServer } from '../testing.ts'
import type { Json } from '../wire/json.ts'

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

/** Writes a column with the number in exactly that text; returns what the server then has, or the error. */
async function store(column: string, literal: string): Promise<Json> {
  using raw = new RawClient(server.remote)
  const insert = `{"op":"insert","table":"Item","row":{"some":"x","${column}":${literal}},"uuid-name":"i"}`
  const select = `{"op":"select","table":"Item","where":[["_uuid","==",["named-uuid","i"]]],"columns":["${column}"]}`
  raw.send(`{"id":1,"method":"transact","params":["Facts",${insert},${select}]}`)
  const { result } = (await raw.next()) as { result: { rows: { [column: string]: Json }[]; error?: string }[] }
  return result[0]?.error ?? result[1]?.rows[0]?.[column] ?? null
}

describe('integers', () => {
  test.each(['9223372036854775807', '-9223372036854775808', '9007199254740993'])(
    '%s comes back exactly',
    async text => {
      expect(await store('n', text)).toBe(BigInt(text))
    },
  )

  test('bigints of the client are integers for the server', async () => {
    const uuid = await client.insert('Item', { some: 'x', n: 9223372036854775807n })
    expect(await client.select('Item', ['n'], [['_uuid', '==', ['uuid', uuid]]])).toEqual([{ n: 9223372036854775807n }])
  })

  test.each([
    ['1.0', 1],
    ['1e3', 1000],
    ['-0', 0],
  ])('%s is the integer %d', async (text, value) => {
    expect(await store('n', text)).toBe(value)
  })

  test.each(['9223372036854775808', '1.5', '1e19'])('%s is refused', async text => {
    expect(await store('n', text)).toBe('syntax error')
  })
})

describe('reals', () => {
  test.each([
    ['0.30000000000000004', 0.3],
    ['123456789.123456789', 123456789.123457],
    ['2.0', 2],
    ['-0.0', 0],
  ])('%s comes back with 15 digits at most: %d', async (text, value) => {
    expect(await store('r', text)).toBe(value)
  })

  test('integral reals come back without a point', async () => {
    using raw = new RawClient(server.remote)
    raw.send('{"id":1,"method":"echo","params":[2.0]}')
    expect(await raw.text()).toContain('[2]')
  })
})
