import { waitUntil } from '@ovnkit/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestReplica } from '../testing/replica.ts'
import { type Script, ScriptedServer } from '../testing/scripted-server.ts'
import { createConnection } from './connection.ts'
import type { Connection } from './types.ts'

const schema = { name: 'db', version: '1.0.0', tables: { T: { columns: { name: { type: 'string' } } } } }
const uuid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`
const unknownDatabase = { error: { error: 'unknown database', details: '_Server' } }
const database = { name: 'db', model: 'standalone', connected: true, leader: true, schema: JSON.stringify(schema) }
const server2 = { Database: { [uuid(0)]: { initial: database } } }

let connection: Connection
let replica: TestReplica
beforeEach(() => {
  replica = new TestReplica(new Map([['T', { columns: ['name'] }]]))
})
afterEach(() => connection[Symbol.asyncDispose]())

async function live(script: Script): Promise<ScriptedServer> {
  const server = new ScriptedServer(script)
  connection = createConnection({ database: 'db', remotes: 'unix:x', observer: replica, dial: server.dial })
  connection.start()
  await waitUntil('live', () => connection.state === 'live')
  return server
}

describe('servers of old', () => {
  test('without _Server: the schema is asked for, the leader is taken on trust', async () => {
    const server = await live({
      monitor_cond: ([name]) =>
        name === '_Server' ? unknownDatabase : { T: { [uuid(1)]: { initial: { name: 'a' } } } },
      get_schema: () => schema,
    })
    expect(server.asked).toEqual([
      'monitor_cond',
      'set_db_change_aware',
      'get_schema',
      'monitor_cond_since',
      'monitor_cond',
    ])
    expect(replica.names('T')).toEqual(['a'])
  })

  test('with nothing but RFC 7047: monitor and update', async () => {
    const server = await live({
      get_schema: () => schema,
      monitor: () => ({ T: { [uuid(1)]: { new: { name: 'a' } }, [uuid(2)]: { new: { name: 'b' } } } }),
    })
    const id = ['monid', 'db']
    server.notify('update', [
      id,
      { T: { [uuid(1)]: { old: { name: 'a' }, new: { name: 'c' } }, [uuid(2)]: { old: { name: 'b' } } } },
    ])
    server.notify('update', [id, { T: { [uuid(3)]: { new: { name: 'd' } } } }])
    await waitUntil('updated', () => replica.names('T').includes('d'))
    expect(replica.names('T')).toEqual(['c', 'd'])
    // There are no conditions to change: everything is there.
    await connection.setConditions(new Map([['T', []]]))
  })

  test("a big reply to RFC 7047's monitor comes by rows, too", async () => {
    const rows = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [uuid(n), { new: { name: `row ${n}` } }]))
    await live({ get_schema: () => schema, monitor: () => ({ T: rows }) })
    expect(replica.names('T')).toHaveLength(2000)
  })
})

describe('a big _Server', () => {
  test('is not mistaken for rows of the database', async () => {
    const padding = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`c${n}`, { type: 'string' }]))
    const big = JSON.stringify({ ...schema, tables: { T: { columns: padding } } })
    const server = await live({
      monitor_cond: () => ({ Database: { [uuid(0)]: { initial: { ...database, schema: big } } } }),
      monitor_cond_since: () => [false, uuid(7), { T: { [uuid(1)]: { initial: { name: 'a' } } } }],
    })
    expect(replica.names('T')).toEqual(['a'])
    expect(connection.lastTransaction).toBe(uuid(7))
    const bigger = big.replace('1.0.0', '1.0.1')
    server.notify('update2', [['monid', '_Server'], { Database: { [uuid(0)]: { modify: { schema: bigger } } } }])
    await waitUntil('the new schema is used', () => replica.schemas.length === 2)
    expect(replica.aborts).toBe(0)
  })
})

describe('updates', () => {
  test('an empty modification is handed on and changes nothing', async () => {
    const server = await live({
      monitor_cond: () => server2,
      monitor_cond_since: () => [false, uuid(7), { T: { [uuid(1)]: { initial: { name: 'a' } } } }],
    })
    server.notify('update3', [['monid', 'db'], uuid(8), { T: { [uuid(1)]: { modify: {} } } }])
    await waitUntil('seen', () => connection.lastTransaction === uuid(8))
    expect(replica.names('T')).toEqual(['a'])
  })

  test('of monitors that are not ours are ignored', async () => {
    const server = await live({ monitor_cond: () => server2, monitor_cond_since: () => [false, uuid(7), {}] })
    server.notify('update3', ['other', uuid(9), { T: { [uuid(1)]: { insert: {} } } }])
    server.notify('update3', [['monid', 'db'], uuid(8), {}])
    await waitUntil('seen', () => connection.lastTransaction === uuid(8))
    expect(replica.names('T')).toEqual([])
  })

  test('that make no sense to the observer bring a snapshot', async () => {
    const server = await live({
      monitor_cond: () => server2,
      monitor_cond_since: () => [false, uuid(7), { T: { [uuid(1)]: { initial: { name: 'a' } } } }],
    })
    server.notify('update3', [['monid', 'db'], uuid(8), { T: { [uuid(5)]: { modify: { name: 'x' } } } }])
    await waitUntil('again', () => connection.stats.inconsistent === 1 && connection.state === 'live')
    expect(replica.starts).toEqual(['first', 'update', 'resync'])
    expect(replica.aborts).toBe(1)
    expect(connection.lastTransaction).toBe(uuid(7))
  })
})
