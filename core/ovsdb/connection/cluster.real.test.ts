import { waitUntil } from '@ovnkit/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { factsSchema, TestClient } from '../testing/clients.ts'
import { TestReplica } from '../testing/replica.ts'
import { startOvsdbServer, type TestServer } from '../testing.ts'
import type { JsonObject } from '../wire/json.ts'
import { createConnection } from './connection.ts'
import type { Connection, ConnectionOptions } from './types.ts'

const plan = new Map([['Item', { columns: ['name', 'n'] }]])
const quick = { min: 5, max: 50 }
const insert = (name: string) => ({ op: 'insert', table: 'Item', row: { some: 'x', name } })

/** The history that servers keep for resumption never holds more than the database itself: give it some. */
const filler = Array.from({ length: 50 }, (_, n) => insert(`filler ${n}`))

let stack: AsyncDisposableStack
let replica: TestReplica
beforeEach(() => {
  stack = new AsyncDisposableStack()
  replica = new TestReplica(plan)
})
afterEach(() => stack.disposeAsync())

async function start(model: 'standalone' | 'raft' | 'relay', members: number): Promise<TestServer> {
  return stack.use(await startOvsdbServer({ schema: factsSchema, model, members }))
}

function open(remotes: string, options: Partial<ConnectionOptions> = {}): Connection {
  const connection = stack.use(
    createConnection({ database: 'Facts', remotes, observer: replica, backoff: quick, ...options }),
  )
  connection.start()
  return connection
}

async function live(remotes: string, options: Partial<ConnectionOptions> = {}): Promise<Connection> {
  const connection = open(remotes, options)
  await waitUntil('live', () => connection.state === 'live')
  return connection
}

function client(remote: string): TestClient {
  return stack.use(new TestClient(remote))
}

async function serverRow(remote: string): Promise<JsonObject> {
  const where = [['name', '==', 'Facts']]
  const columns = ['model', 'connected', 'leader', 'cid', 'index']
  const select = { op: 'select', table: 'Database', where, columns }
  const [result] = (await client(remote).call('transact', '_Server', select)) as [{ rows: JsonObject[] }]
  return result.rows[0] ?? {}
}

async function cidOf(remote: string): Promise<string> {
  return ((await serverRow(remote)).cid as [string, string])[1]
}

describe('a cluster of three', () => {
  test('says who leads, which cluster it is and how far it got', async () => {
    const server = await start('raft', 3)
    const rows = await Promise.all(server.members.map(member => serverRow(member.remote)))
    expect(rows.map(row => row.leader).toSorted()).toEqual([false, false, true])
    expect(new Set(rows.map(row => JSON.stringify(row.cid))).size).toBe(1)
    expect(rows[0]).toMatchObject({ model: 'clustered', connected: true, index: expect.any(Number) })
  })

  test('the connection finds the leader, and follows it when it moves, without loss and without a snapshot', async () => {
    const server = await start('raft', 3)
    const connection = await live(server.remote)
    expect(connection.remote).toBe(server.members[await server.leader()]?.remote)
    await connection.transact([insert('before')])
    await server.transferLeader()
    await waitUntil('moved', () => connection.stats.connects > 1 && connection.state === 'live')
    expect(connection.remote).toBe(server.members[await server.leader()]?.remote)
    await connection.transact([insert('after')])
    expect(replica.names('Item')).toEqual(['after', 'before'])
    expect(connection.stats).toMatchObject({ first: 1, resync: 0 })
    expect(connection.stats.resume).toBeGreaterThan(0)
  })

  test('killing the leader: the connection goes on with the next one, from where it was', async () => {
    const server = await start('raft', 3)
    const connection = await live(server.remote)
    await connection.transact([insert('a')])
    await server.kill(await server.leader())
    await waitUntil('live again', () => connection.stats.disconnects > 0 && connection.state === 'live', 60_000)
    await connection.transact([insert('b')])
    expect(replica.names('Item')).toEqual(['a', 'b'])
    expect(connection.stats.resync).toBe(0)
  })

  test('a resumed monitor brings what happened meanwhile: insert, modify, delete', async () => {
    const server = await start('raft', 3)
    const connection = await live(server.remote, { leaderOnly: false })
    const writer = client(server.members[await server.leader()]?.remote ?? '')
    await writer.transact(...filler)
    await writer.transact(insert('goes'), insert('changes'))
    await waitUntil('seen', () => replica.names('Item').includes('goes'))
    connection.setRemotes('')
    await writer.transact(
      { op: 'delete', table: 'Item', where: [['name', '==', 'goes']] },
      { op: 'update', table: 'Item', where: [['name', '==', 'changes']], row: { n: 7 } },
      insert('comes'),
    )
    connection.setRemotes(server.remote)
    await waitUntil('live', () => connection.state === 'live' && replica.names('Item').includes('comes'))
    expect([...(replica.tables.get('Item')?.values() ?? [])]).toEqual(
      expect.arrayContaining([{ name: 'changes', n: 7 }, { name: 'comes' }]),
    )
    expect(connection.stats).toMatchObject({ first: 1, resume: 1, resync: 0 })
  })

  test('after more than 100 transactions the history does not reach: a snapshot', async () => {
    const server = await start('raft', 1)
    const connection = await live(server.remote)
    const writer = client(server.remote)
    await writer.transact(insert('gone'))
    await waitUntil('seen', () => replica.names('Item').length === 1)
    connection.setRemotes('')
    await writer.transact({ op: 'delete', table: 'Item', where: [] })
    for (let n = 0; n < 110; n++) await writer.transact(insert(`${n}`))
    connection.setRemotes(server.remote)
    await waitUntil('live', () => connection.state === 'live')
    expect(replica.starts.filter(reason => reason !== 'update')).toEqual(['first', 'resync'])
    expect(replica.names('Item')).toHaveLength(110)
  })

  test('clusters turn ephemeral columns into persistent ones', async () => {
    const server = await start('raft', 1)
    const writer = client(server.remote)
    const uuid = await writer.insert('Volatile', { name: 'a', state: 'kept' })
    await server.restart()
    const again = client(server.remote)
    await waitUntil('the server leads', async () => (await serverRow(server.remote)).leader)
    expect(await again.select('Volatile', ['state'], [['_uuid', '==', ['uuid', uuid]]])).toEqual([{ state: 'kept' }])
  })

  test('any member takes writes; its own reply implies its own monitors show them', async () => {
    const server = await start('raft', 3)
    const leader = await server.leader()
    const follower = client(server.members[(leader + 1) % 3]?.remote ?? '')
    await follower.call('monitor_cond', 'Facts', 'm', { Item: [{ columns: ['name'] }] })
    await follower.transact(insert('a'))
    expect(follower.count()).toBe(1)
  })

  test("locks are the server process's: every member grants the same one", async () => {
    const server = await start('raft', 3)
    const clients = server.members.map(member => client(member.remote))
    const replies = await Promise.all(clients.map(member => member.call('lock', 'a')))
    expect(replies).toEqual([{ locked: true }, { locked: true }, { locked: true }])
    for (const member of clients) expect(await member.transact({ op: 'assert', lock: 'a' })).toEqual([{}])
  })

  test.each(['raft', 'standalone'] as const)(
    'a conversion (%s) is followed: new schema, new snapshot, same connection',
    async model => {
      const server = await start(model, 1)
      const connection = await live(server.remote)
      await connection.transact([insert('a')])
      const issuer = client(server.remote)
      await issuer.call('set_db_change_aware', true)
      const schema = (await issuer.call('get_schema', 'Facts')) as { tables: { Item: { columns: JsonObject } } }
      const { Item } = schema.tables
      const tables = { ...schema.tables, Item: { ...Item, columns: { ...Item.columns, extra: { type: 'string' } } } }
      await issuer.call('convert', 'Facts', { ...schema, version: '1.1.0', tables })
      await waitUntil('new schema', () => replica.schemas.length === 2 && connection.state === 'live')
      expect(JSON.stringify(replica.schemas[1])).toContain('extra')
      expect(replica.names('Item')).toEqual(['a'])
      expect(replica.starts.at(-1)).toBe('resync')
      expect(connection.stats.connects).toBe(1)
    },
  )
})

describe('which server is taken', () => {
  test('a sole follower is waited for until it leads', async () => {
    const server = await start('raft', 2)
    const follower = 1 - (await server.leader())
    const connection = open(server.members[follower]?.remote ?? '')
    await waitUntil('refused', () => replica.causes.includes('the server is not the leader of its cluster'))
    expect(connection.state).toBe('handshake')
    await expect(connection.transact([])).rejects.toMatchObject({ sent: false })
    expect(await server.transferLeader()).toBe(follower)
    await waitUntil('live', () => connection.state === 'live')
    expect(connection.stats.connects).toBe(1)
  })

  test('only the pinned cluster', async () => {
    const server = await start('raft', 1)
    const cid = await cidOf(server.remote)
    await live(`${server.remote},cid:${cid}`)
    const other = new TestReplica(plan)
    open(`${server.remote},cid:00000000-1111-4222-8333-444444444444`, { observer: other })
    await waitUntil('refused', () => other.causes.some(cause => cause.startsWith('expected cluster 00000000-1111')))
  })

  test('not a member with older data than seen: a server restarted from a copy', async () => {
    const server = await start('raft', 1)
    const { copyFile } = await import('node:fs/promises')
    const file = server.members[0]?.file ?? ''
    const connection = await live(server.remote)
    await connection.transact([insert('old')])
    await copyFile(file, `${file}.copy`)
    for (let n = 0; n < 20; n++) await connection.transact([insert(`new ${n}`)])
    await server.kill()
    await copyFile(`${file}.copy`, file)
    await server.restart()
    await waitUntil('refused', () => replica.causes.some(cause => cause.includes("the server's data is older")))
    expect(replica.names('Item')).toHaveLength(21)
    connection.resetIndex()
    await waitUntil('accepted', () => connection.state === 'live')
    expect(replica.names('Item')).toEqual(['old'])
  })

  test('a rebuilt cluster has a new id: refused if the old one is pinned', async () => {
    const server = await start('raft', 1)
    const cid = await cidOf(server.remote)
    const connection = await live(`${server.remote},cid:${cid}`)
    const { rm } = await import('node:fs/promises')
    const { run } = await import('../testing.ts')
    const file = server.members[0]?.file ?? ''
    await server.kill()
    await rm(file)
    await run('ovsdb-tool', ['create-cluster', file, factsSchema, `unix:${server.dir}/raft0`])
    await server.restart()
    await waitUntil('refused', () => replica.causes.some(cause => cause.startsWith(`expected cluster ${cid}`)))
    const rebuilt = await cidOf(server.remote)
    connection.setRemotes(`${server.remote},cid:${rebuilt}`)
    connection.resetIndex()
    await waitUntil('live', () => connection.state === 'live')
    expect(replica.names('Item')).toEqual([])
  })
})

describe('a relay', () => {
  test('is taken if any server will do; writes pass through it', async () => {
    const server = await start('relay', 1)
    expect(await serverRow(server.remote)).toMatchObject({ model: 'relay', leader: false, connected: true })
    const connection = await live(server.remote, { leaderOnly: false })
    await connection.transact([insert('a')])
    expect(replica.names('Item')).toEqual(['a'])
    expect(connection.lastTransaction).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('is never a leader', async () => {
    const server = await start('relay', 1)
    open(server.remote)
    await waitUntil('refused', () => replica.causes.some(cause => cause.startsWith('the server is a relay')))
  })

  test("transaction ids are the cluster's: one learnt from the relay resumes at a member", async () => {
    const server = await start('relay', 3)
    const connection = await live(server.remote, { leaderOnly: false })
    await connection.transact([insert('a')])
    connection.setRemotes(server.members.map(member => member.remote))
    await waitUntil('moved', () => connection.stats.connects === 2 && connection.state === 'live')
    expect(connection.stats).toMatchObject({ resume: 1, resync: 0 })
    expect(replica.names('Item')).toEqual(['a'])
  })

  test('grants locks, but assert through it always fails', async () => {
    const server = await start('relay', 1)
    const other = client(server.remote)
    expect(await other.call('lock', 'a')).toEqual({ locked: true })
    const [assertion] = await other.transact({ op: 'assert', lock: 'a' }, insert('a'))
    expect(assertion).toMatchObject({ error: 'not owner' })
  })
})

describe('the lock of a connection', () => {
  test('is asked for at each connect, waited for, and lost with the connection', async () => {
    const server = await start('raft', 1)
    const holder = client(server.remote)
    await holder.call('lock', 'mine')
    const connection = await live(server.remote, { lock: 'mine' })
    await connection.call('echo', [])
    expect(connection.lockOwned).toBe(false)
    await holder.call('unlock', 'mine')
    await waitUntil('owned', () => connection.lockOwned)
    expect(await connection.transact([{ op: 'assert', lock: 'mine' }])).toEqual([{}])
    connection.reconnect()
    expect(connection.lockOwned).toBe(false)
    await waitUntil('owned again', () => connection.lockOwned)
    expect(replica.locks).toEqual([true, false, true])
  })
})
