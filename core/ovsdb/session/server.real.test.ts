import { readFile } from 'node:fs/promises'
import { waitUntil } from '@ovnkit/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { factsSchema, RawClient, rootlessSchema, TestClient } from '../testing/clients.ts'
import { run, startOvsdbServer, type TestServer } from '../testing.ts'
import type { Json, JsonObject } from '../wire/json.ts'

let server: TestServer
let client: TestClient
beforeEach(async () => {
  server = await startOvsdbServer({ schema: factsSchema })
  client = new TestClient(server.remote)
})
afterEach(async () => {
  client[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const columns = ['name', 'model', 'connected', 'leader', 'schema', 'cid', 'sid', 'index']
const empty = ['set', []]

interface Schema {
  readonly tables: { readonly Item: { readonly columns: JsonObject } }
}

/** A schema with one more column. */
function withExtra(schema: Schema): JsonObject {
  const { Item } = schema.tables
  const columns = { ...Item.columns, extra: { type: 'string' } }
  return { ...schema, version: '1.1.0', tables: { ...schema.tables, Item: { ...Item, columns } } }
}

async function converted(): Promise<JsonObject> {
  return withExtra(JSON.parse(await readFile(factsSchema, 'utf8')))
}

describe('_Server', () => {
  test('a standalone database is connected and leads, has neither cluster nor index', async () => {
    const [result] = (await client.call('transact', '_Server', {
      op: 'select',
      table: 'Database',
      where: [['name', '==', 'Facts']],
      columns,
    })) as [{ rows: JsonObject[] }]
    expect(result.rows).toEqual([
      {
        name: 'Facts',
        model: 'standalone',
        connected: true,
        leader: true,
        schema: expect.stringContaining('"Item"'),
        cid: empty,
        sid: empty,
        index: empty,
      },
    ])
  })

  test('is read-only', async () => {
    const [result] = (await client.call('transact', '_Server', { op: 'delete', table: 'Database', where: [] })) as [
      Json,
    ]
    expect(result).toMatchObject({ error: 'not allowed' })
  })

  test('is listed among the databases', async () => {
    expect(await client.call('list_dbs')).toEqual(expect.arrayContaining(['Facts', '_Server']))
  })

  test('the id of a server is new after each start', async () => {
    const before = await client.call('get_server_id')
    await server.restart()
    using again = new TestClient(server.remote)
    expect(await again.call('get_server_id')).not.toBe(before)
  })

  test('an unknown database is an error of its own', async () => {
    await expect(client.call('get_schema', 'None')).rejects.toMatchObject({ code: 'unknown database' })
    await expect(client.call('transact', 'None')).rejects.toMatchObject({ code: 'unknown database' })
  })
})

describe('databases that come, go and change', () => {
  test('a session that is not aware of changes is dropped', async () => {
    await client.call('echo')
    const file = `${server.dir}/rootless.db`
    await run('ovsdb-tool', ['create', file, rootlessSchema])
    await server.members[0]?.daemon.appctl('ovsdb-server/add-db', file)
    await waitUntil('dropped', () => client.closedBy !== undefined)
  })

  test('one that is aware stays', async () => {
    await client.call('set_db_change_aware', true)
    const file = `${server.dir}/rootless.db`
    await run('ovsdb-tool', ['create', file, rootlessSchema])
    await server.members[0]?.daemon.appctl('ovsdb-server/add-db', file)
    expect(await client.call('list_dbs')).toContain('Rootless')
  })

  test('convert drops the issuer, too, if it is not aware', async () => {
    using raw = new RawClient(server.remote)
    raw.send(JSON.stringify({ id: 1, method: 'convert', params: ['Facts', await converted()] }))
    await waitUntil('dropped', () => raw.closed)
  })

  test('convert for the aware: the monitor ends before the reply; a standalone _Server keeps the old schema', async () => {
    await client.call('set_db_change_aware', true)
    await client.call('monitor_cond', 'Facts', 'data', { Item: [{ columns: ['name'] }] })
    await client.call('monitor_cond', '_Server', 'server', { Database: [{ columns: ['name', 'schema'] }] })
    expect(await client.call('convert', 'Facts', await converted())).toEqual({})
    expect(client.notifications.map(({ method, params }) => [method, params[0]])).toEqual([
      ['monitor_canceled', 'data'],
    ])
    expect(JSON.stringify(await client.call('get_schema', 'Facts'))).toContain('extra')
    const select = { op: 'select', table: 'Database', where: [['name', '==', 'Facts']], columns: ['schema'] }
    expect(JSON.stringify(await client.call('transact', '_Server', select))).not.toContain('extra')
  })

  test('convert in a cluster: the monitor ends, _Server has the new schema, then the reply', async () => {
    await using cluster = await startOvsdbServer({ schema: factsSchema, model: 'raft', members: 1 })
    using member = new TestClient(cluster.remote)
    await member.call('set_db_change_aware', true)
    await member.call('monitor_cond', 'Facts', 'data', { Item: [{ columns: ['name'] }] })
    await member.call('monitor_cond', '_Server', 'server', { Database: [{ columns: ['name', 'schema'] }] })
    // A schema with ephemeral columns is accepted by clusters and then not applied (3.1): take theirs, which has none.
    const schema = (await member.call('get_schema', 'Facts')) as unknown as Schema
    await member.call('convert', 'Facts', withExtra(schema))
    expect(member.notifications.map(({ method, params }) => [method, params[0]])).toEqual([
      ['monitor_canceled', 'data'],
      ['update2', 'server'],
    ])
    expect(JSON.stringify(member.notifications[1])).toContain('extra')
  })
})
