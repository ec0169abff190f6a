import { startFaultyLine, waitUntil } from '@ovnkit/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { factsSchema, rootlessSchema, TestClient } from '../testing/clients.ts'
import { TestReplica } from '../testing/replica.ts'
import { run, startOvsdbServer, type TestServer } from '../testing.ts'
import { createConnection } from './connection.ts'
import { type Connection, type ConnectionOptions, InconsistentError } from './types.ts'

const plan = new Map([['Item', { columns: ['name', 'n', 'tags'] }]])
const quick = { min: 5, max: 50 }
const insert = (name: string, n = 0) => ({ op: 'insert', table: 'Item', row: { some: 'x', name, n } })

let stack: AsyncDisposableStack
let server: TestServer
let replica: TestReplica
beforeEach(async () => {
  stack = new AsyncDisposableStack()
  server = stack.use(await startOvsdbServer({ schema: factsSchema }))
  replica = new TestReplica(plan)
})
afterEach(() => stack.disposeAsync())

function open(options: Partial<ConnectionOptions> = {}): Connection {
  const connection = stack.use(
    createConnection({ database: 'Facts', remotes: server.remote, observer: replica, backoff: quick, ...options }),
  )
  connection.start()
  return connection
}

async function live(options: Partial<ConnectionOptions> = {}): Promise<Connection> {
  const connection = open(options)
  await waitUntil('live', () => connection.state === 'live')
  return connection
}

describe('a connection', () => {
  test('brings schema, first content and updates; own changes come before the reply', async () => {
    const connection = await live()
    expect(replica.states).toEqual(['connecting', 'handshake', 'syncing', 'live'])
    expect(replica.schemas[0]).toMatchObject({ name: 'Facts' })
    await connection.transact([insert('a')])
    expect(replica.names('Item')).toEqual(['a'])
    expect(replica.starts).toEqual(['first', 'update'])
    expect(connection.stats).toMatchObject({ connects: 1, first: 1, rowsReceived: 1 })
  })

  test('calls before it is connected reject as not sent', async () => {
    const connection = open({ remotes: 'unix:/nonexistent' })
    await expect(connection.transact([])).rejects.toMatchObject({ name: 'DisconnectedError', sent: false })
  })

  test('without tables it is live at once', async () => {
    replica = new TestReplica(new Map())
    const connection = await live()
    expect(await connection.transact([insert('a')])).toHaveLength(1)
    expect(replica.starts).toEqual([])
  })

  test('reports a database that the server lacks, and takes it when it appears', async () => {
    replica = new TestReplica(new Map([['Thing', { columns: ['name'] }]]))
    const connection = open({ database: 'Rootless' })
    await waitUntil('refused', () => replica.causes.includes('the server has no database Rootless'))
    expect(connection.state).toBe('handshake')
    const file = `${server.dir}/rootless.db`
    await run('ovsdb-tool', ['create', file, rootlessSchema])
    await server.members[0]?.daemon.appctl('ovsdb-server/add-db', file)
    await waitUntil('live', () => connection.state === 'live')
    expect(connection.stats.connects).toBe(1)
  })

  test('disposed, it is closed for good and lets calls in flight go', async () => {
    const connection = await live()
    const call = connection.transact([insert('a')])
    await connection[Symbol.asyncDispose]()
    await expect(call).rejects.toMatchObject({ name: 'DisconnectedError' })
    expect(replica.states.at(-1)).toBe('closed')
    await expect(connection.setConditions(new Map())).rejects.toMatchObject({ sent: false })
  })

  test('goes through the stages of old servers: monitor_cond_since, monitor_cond, monitor', async () => {
    await server.members[0]?.daemon.appctl('ovsdb-server/disable-monitor-cond')
    const connection = await live()
    await connection.transact([insert('a', 1)])
    await connection.transact([{ op: 'update', table: 'Item', where: [], row: { n: 2 } }])
    expect([...(replica.tables.get('Item')?.values() ?? [])]).toEqual([{ name: 'a', n: 2, tags: ['set', []] }])
    await connection.transact([{ op: 'delete', table: 'Item', where: [] }])
    expect(replica.names('Item')).toEqual([])
  })
})

describe('a lost connection', () => {
  test('comes back; rows deleted during the outage are missing from the new snapshot', async () => {
    const proxy = stack.use(await startFaultyLine(server.remote))
    const connection = await live({ remotes: proxy.remote })
    await connection.transact([insert('stays'), insert('goes')])
    proxy.breakDown()
    await waitUntil('noticed', () => connection.state === 'backoff')
    using other = new TestClient(server.remote)
    await other.transact({ op: 'delete', table: 'Item', where: [['name', '==', 'goes']] })
    proxy.mend()
    await waitUntil('live', () => connection.state === 'live')
    expect(replica.names('Item')).toEqual(['stays'])
    expect(replica.starts.at(-1)).toBe('resync')
  })

  test('rejects calls in flight as sent: their outcome is unknown', async () => {
    const proxy = stack.use(await startFaultyLine(server.remote))
    const connection = await live({ remotes: proxy.remote })
    const wait = { op: 'wait', table: 'Item', where: [], columns: ['name'], until: '==', rows: [{ name: 'never' }] }
    const call = connection.transact([wait])
    const settled = expect(call).rejects.toMatchObject({ name: 'DisconnectedError', sent: true })
    await connection.call('echo', [])
    proxy.breakDown()
    await settled
  })

  test('comes back after a restart of the server', async () => {
    const connection = await live()
    await connection.transact([insert('a')])
    await server.restart()
    await waitUntil('live again', () => connection.stats.connects === 2 && connection.state === 'live')
    expect(replica.names('Item')).toEqual(['a'])
  })

  test('within a snapshot takes the cut back', async () => {
    using other = new TestClient(server.remote)
    await other.transact(...Array.from({ length: 2000 }, (_, n) => insert(`row ${n} ${'x'.repeat(50)}`)))
    const proxy = stack.use(await startFaultyLine(server.remote))
    let rows = 0
    replica.onRow = () => {
      if (++rows === 50) proxy.breakDown()
    }
    // Small pieces, so that the rest of the snapshot is still on its way when the connection goes.
    proxy.pieces(1000)
    const connection = open({ remotes: proxy.remote })
    await waitUntil('the cut was taken back', () => replica.aborts === 1 || connection.state === 'live')
    proxy.mend()
    await waitUntil('live', () => connection.state === 'live')
    expect(replica.names('Item')).toHaveLength(2000)
  })

  test('reconnect asked for by the user is immediate', async () => {
    const connection = await live({ backoff: { min: 600_000, max: 600_000 } })
    connection.reconnect({ resync: true })
    await waitUntil('live again', () => connection.stats.connects === 2 && connection.state === 'live')
    expect(replica.starts).toEqual(['first', 'resync'])
  })
})

describe('what the observer says', () => {
  test('inconsistent: everything is asked for again, at once', async () => {
    const connection = await live({ backoff: { min: 600_000, max: 600_000 } })
    let once = true
    replica.onRow = () => {
      if (once) {
        once = false
        throw new InconsistentError('for a test')
      }
    }
    await connection.transact([insert('a')]).catch(() => undefined)
    await waitUntil('live again', () => connection.stats.connects === 2 && connection.state === 'live')
    expect(connection.stats.inconsistent).toBe(1)
    expect(replica.names('Item')).toEqual(['a'])
  })

  test('a bug: the connection is closed with it', async () => {
    const connection = await live()
    replica.onRow = () => {
      throw new RangeError('a bug')
    }
    await connection.transact([insert('a')]).catch(() => undefined)
    expect(connection.state).toBe('closed')
    expect(replica.causes.at(-1)).toBe('the observer of a connection threw')
  })

  test('busy: what came later waits, and is in order', async () => {
    const connection = await live()
    const gate = Promise.withResolvers<void>()
    replica.onEnd = () => gate.promise
    let replied = false
    const call = connection.transact([insert('a')]).then(() => {
      replied = true
    })
    await waitUntil('the update came', () => replica.starts.length === 2)
    await new Promise(resolve => setImmediate(resolve))
    expect(replied).toBe(false)
    replica.onEnd = () => undefined
    gate.resolve()
    await call
  })

  test('a big snapshot comes by rows, in pieces of any size', async () => {
    using other = new TestClient(server.remote)
    await other.transact(...Array.from({ length: 1000 }, (_, n) => insert(`row ${n} żółw`)))
    const proxy = stack.use(await startFaultyLine(server.remote))
    proxy.pieces(777)
    const connection = await live({ remotes: proxy.remote })
    expect(replica.names('Item')).toHaveLength(1000)
    expect(connection.stats.rowsReceived).toBe(1000)
    expect(replica.names('Item')[0]).toBe('row 0 żółw')
  })
})

describe('conditions', () => {
  const where = (name: string) => new Map([['Item', [['name', '==', name] as const]]])

  test('of the plan select rows, changed ones are there when the promise resolves', async () => {
    replica = new TestReplica(new Map([['Item', { columns: ['name'], where: [['name', '==', 'a'] as const] }]]))
    const connection = await live()
    await connection.transact([insert('a'), insert('b')])
    expect(replica.names('Item')).toEqual(['a'])
    await connection.setConditions(where('b'))
    expect(replica.names('Item')).toEqual(['b'])
    await connection.setConditions(new Map([['Item', []]]))
    expect(replica.names('Item')).toEqual([])
  })

  test('set in quick succession end in the last one', async () => {
    const connection = await live()
    await connection.transact([insert('a'), insert('b'), insert('c')])
    await Promise.all(['a', 'b', 'c'].map(name => connection.setConditions(where(name))))
    expect(replica.names('Item')).toEqual(['c'])
  })

  test('survive a reconnect, also if set while disconnected', async () => {
    const connection = await live()
    await connection.transact([insert('a'), insert('b')])
    await connection.setConditions(where('a'))
    connection.reconnect()
    const change = connection.setConditions(where('b'))
    await change
    expect(replica.names('Item')).toEqual(['b'])
    expect(connection.state).toBe('live')
  })

  test('that the server refuses reject, and the monitor goes on', async () => {
    const connection = await live()
    const nonsense = new Map([['Item', [['nonsense', '==', 1] as const]]])
    await expect(connection.setConditions(nonsense)).rejects.toMatchObject({ name: 'RpcError' })
    await connection.transact([insert('a')])
    expect(replica.names('Item')).toEqual(['a'])
  })
})

describe('remotes', () => {
  test('several: the next one is tried without delay', async () => {
    await live({
      remotes: ['unix:/nonexistent', 'tcp:127.0.0.1:1', server.remote],
      shuffle: false,
      backoff: { min: 600_000, max: 600_000 },
    })
    expect(replica.causes).toHaveLength(2)
  })

  test('a change keeps the live connection if its remote is still listed', async () => {
    const connection = await live()
    connection.setRemotes(['tcp:127.0.0.1:1', server.remote])
    await connection.transact([insert('a')])
    expect(connection.stats.connects).toBe(1)
    const proxy = stack.use(await startFaultyLine(server.remote))
    connection.setRemotes(proxy.remote)
    await waitUntil('moved', () => connection.remote === proxy.remote && connection.state === 'live')
    expect(connection.stats.connects).toBe(2)
  })

  test('none left: idle, until there are some', async () => {
    const connection = await live()
    connection.setRemotes('')
    expect(connection.state).toBe('idle')
    connection.setRemotes(server.remote)
    await waitUntil('live', () => connection.state === 'live')
  })
})

test('two databases on one server: connections do not see each other', async () => {
  const both = stack.use(await startOvsdbServer({ schema: [factsSchema, rootlessSchema] }))
  const things = new TestReplica(new Map([['Thing', { columns: ['name'] }]]))
  const first = await live({ remotes: both.remote })
  const second = await live({ remotes: both.remote, database: 'Rootless', observer: things })
  await first.transact([insert('a')])
  await second.transact([{ op: 'insert', table: 'Thing', row: { name: 'b' } }])
  expect([replica.names('Item'), things.names('Thing')]).toEqual([['a'], ['b']])
})
