import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { factsSchema, RawClient } from '../testing/clients.ts'
import { startOvsdbServer, type TestServer } from '../testing.ts'

let server: TestServer
beforeAll(async () => {
  server = await startOvsdbServer({ schema: factsSchema })
})
afterAll(() => server[Symbol.asyncDispose]())

const echo = (id: string, ...params: unknown[]): string => JSON.stringify({ method: 'echo', params, id })

describe('framing of ovsdb-server', () => {
  test('messages follow one another without anything between', async () => {
    using client = new RawClient(server.remote)
    client.send(echo('a') + echo('b'))
    await client.next()
    await client.next()
    expect(client.received).toContain('}{')
  })

  test('the client may send white space between messages', async () => {
    using client = new RawClient(server.remote)
    client.send(` \n${echo('a')}\r\n\t ${echo('b')}\n`)
    expect(await client.next()).toMatchObject({ id: 'a' })
    expect(await client.next()).toMatchObject({ id: 'b' })
  })

  test('text is raw UTF-8, only control characters, quotes and backslashes are escaped', async () => {
    using client = new RawClient(server.remote)
    client.send(echo('a', 'ż🐢/\u007f', '"\\\n\u0001'))
    const text = await client.text()
    expect(text).toContain('"ż🐢/\u007f"')
    expect(text).toContain('"\\"\\\\\\n\\u0001"')
  })

  test('invalid UTF-8 passes the JSON layer', async () => {
    using client = new RawClient(server.remote)
    client.send(Buffer.from(echo('a', 'X').replace('X', '\xff'), 'latin1'))
    await client.next()
    expect(client.received).toContain('"\xff"')
  })

  test('the last of duplicate keys wins', async () => {
    using client = new RawClient(server.remote)
    client.send('{"id":1,"method":"echo","params":[{"a":1,"a":2}]}')
    expect(await client.next()).toMatchObject({ result: [{ a: 2 }] })
  })
})

describe('the envelope', () => {
  test('success has "error":null, an error has no "result" at all', async () => {
    using client = new RawClient(server.remote)
    client.send('{"id":1,"method":"echo","params":[]}')
    expect(await client.next()).toEqual({ id: 1, result: [], error: null })
    client.send('{"id":2,"method":"get_schema","params":["None"]}')
    expect(Object.keys(await client.next()).toSorted()).toEqual(['error', 'id'])
  })

  test.each([1.5, 'text', ['a', 1], { a: 1 }, true])('an id may be any JSON but null: %j', async id => {
    using client = new RawClient(server.remote)
    client.send(JSON.stringify({ id, method: 'echo', params: [] }))
    expect(await client.next()).toMatchObject({ id })
  })

  test('the id of a transact must be unique among those that wait', async () => {
    using client = new RawClient(server.remote)
    const wait = { op: 'wait', table: 'Item', where: [], columns: ['name'], until: '==', rows: [{ name: 'never' }] }
    const request = JSON.stringify({ id: 7, method: 'transact', params: ['Facts', wait] })
    client.send(request + request)
    const reply = await client.next()
    expect(JSON.stringify(reply.error)).toContain('duplicate request ID')
  })

  test.each([
    ['a member that JSON-RPC 1.0 does not have', '{"jsonrpc":"2.0","id":1,"method":"echo","params":[]}'],
    ['no params', '{"id":1,"method":"echo"}'],
    ['params: null, as ovsdb-server(7) shows for get_server_id', '{"id":1,"method":"get_server_id","params":null}'],
    ['params that are no array', '{"id":1,"method":"echo","params":{}}'],
    ['an array at top level', '[{"id":1,"method":"echo","params":[]}]'],
    ['a reply that was not asked for', '{"id":1,"result":[],"error":null}'],
    ['an escaped lone surrogate', '{"id":1,"method":"echo","params":["\\ud800"]}'],
    ['an escaped NUL', '{"id":1,"method":"echo","params":["\\u0000"]}'],
    ['a number with a leading zero', '{"id":1,"method":"echo","params":[01]}'],
    ['a number beyond a double', '{"id":1,"method":"echo","params":[1e400]}'],
    ['nesting deeper than 1,000', `{"id":1,"method":"echo","params":${'['.repeat(1001)}${']'.repeat(1001)}}`],
  ])('the server drops the connection without a word for %s', async (_what, text) => {
    using client = new RawClient(server.remote)
    client.send(text)
    await waitUntil('the server closes', () => client.closed)
    expect(client.received).toBe('')
  })

  test('get_server_id works with empty params', async () => {
    using client = new RawClient(server.remote)
    client.send('{"id":1,"method":"get_server_id","params":[]}')
    expect((await client.next()).result).toMatch(/^[0-9a-f-]{36}$/)
  })
})
