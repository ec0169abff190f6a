import { startFaultyLine, waitUntil } from '@ovnkit/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { factsSchema, TestClient } from '../testing/clients.ts'
import { TestReplica } from '../testing/replica.ts'
import { startOvsdbServer, type TestServer } from '../testing.ts'
import { createConnection } from './connection.ts'
import type { Connection, ConnectionOptions } from './types.ts'

const plan = new Map([['Item', { columns: ['name', 'attrs'] }]])
/** Long enough for a busy machine's server to answer, short enough for a test to wait several. */
const INTERVAL = 500
const insert = (name: string) => ({ op: 'insert', table: 'Item', row: { some: 'x', name } })

let stack: AsyncDisposableStack
let server: TestServer
beforeEach(async () => {
  stack = new AsyncDisposableStack()
  server = stack.use(await startOvsdbServer({ schema: factsSchema, tcp: true }))
})
afterEach(() => stack.disposeAsync())

function open(options: Partial<ConnectionOptions> & { observer?: TestReplica } = {}): Connection {
  const observer = new TestReplica(plan)
  const backoff = { min: 10, max: 20 }
  const connection = stack.use(
    createConnection({
      database: 'Facts',
      remotes: server.remote,
      observer,
      backoff,
      probeInterval: INTERVAL,
      ...options,
    }),
  )
  connection.start()
  return connection
}

async function live(options: Parameters<typeof open>[0] = {}): Promise<Connection> {
  const connection = open(options)
  await waitUntil('live', () => connection.state === 'live')
  return connection
}

describe('probes', () => {
  test('are answered by the server: an idle connection lives on', async () => {
    const connection = await live()
    const probes = new Set<number>()
    await waitUntil('several probes', () => {
      if (connection.stats.probeRtt !== undefined) probes.add(connection.stats.probeRtt)
      return probes.size > 2
    })
    expect(connection.stats.connects).toBe(1)
  })

  test('find a half-open connection, which is then dialled anew', async () => {
    const proxy = stack.use(await startFaultyLine(server.remote))
    const observer = new TestReplica(plan)
    const connection = await live({ remotes: proxy.remote, observer })
    proxy.freeze()
    await waitUntil('noticed', () => observer.causes.includes('the server did not answer in time'))
    proxy.thaw()
    await waitUntil('live again', () => connection.stats.connects > 1 && connection.state === 'live')
  })

  test('do not hurt while a reply is awaited that takes the server long', async () => {
    const canaryLog = new TestReplica(plan)
    await live({ observer: canaryLog })
    server.members[0]?.daemon.freeze()
    const waiting = open()
    await waitUntil('the one that expected quick answers gave up', () => canaryLog.causes.length > 0)
    expect(waiting.state).toBe('handshake')
    server.members[0]?.daemon.thaw()
    await waitUntil('live', () => waiting.state === 'live')
    expect(waiting.stats.connects).toBe(1)
  })

  test('even such a reply has its limit', async () => {
    const observer = new TestReplica(plan)
    server.members[0]?.daemon.freeze()
    open({ observer, syncTimeout: 50 })
    await waitUntil('given up', () => observer.causes.includes('the server did not answer in time'))
  })

  test('are satisfied by any byte: a big message that trickles in keeps the connection', async () => {
    using writer = new TestClient(server.remote)
    const attrs = ['map', Array.from({ length: 200 }, (_, n) => [`key ${n}`, 'x'.repeat(100)])]
    const proxy = stack.use(await startFaultyLine(server.remote))
    const observer = new TestReplica(plan)
    const connection = await live({ remotes: proxy.remote, observer })
    proxy.trickle(200, 25)
    // 24 kB at 200 bytes every 25 ms: six probe intervals for one message.
    await writer.transact({ op: 'insert', table: 'Item', row: { some: 'x', name: 'big', attrs } })
    await waitUntil('it came', () => observer.names('Item').includes('big'))
    expect(connection.stats.connects).toBe(1)
  })

  test('do not fire because we were busy ourselves', async () => {
    const observer = new TestReplica(plan)
    const connection = await live({ observer })
    // The event loop stands still for many intervals; the server's answers wait in the socket meanwhile.
    for (let round = 0; round < 2; round++) {
      await connection.transact([insert(`${round}`)])
      for (const end = performance.now() + 3 * INTERVAL; performance.now() < end; );
    }
    await connection.call('echo', [])
    expect(connection.stats.connects).toBe(1)
  })

  test('do not fire while the observer works on what came', async () => {
    using writer = new TestClient(server.remote)
    const observer = new TestReplica(plan)
    const connection = await live({ observer })
    const gate = Promise.withResolvers<void>()
    observer.onEnd = () => gate.promise
    await writer.transact(insert('a'))
    const sent = connection.stats.bytesSent
    await waitUntil('probed, though nothing can be answered', () => connection.stats.bytesSent > sent + 100)
    observer.onEnd = () => undefined
    gate.resolve()
    await connection.transact([insert('b')])
    expect(observer.names('Item')).toEqual(['a', 'b'])
    expect(connection.stats.connects).toBe(1)
  })
})

describe('remotes', () => {
  test('tcp: by address and by name', async () => {
    const tcp = server.members[0]?.tcp ?? ''
    for (const remotes of [tcp, tcp.replace('127.0.0.1', 'localhost')]) {
      const connection = await live({ remotes })
      expect(await connection.transact([insert('a')])).toHaveLength(1)
    }
  })

  test('tcp: by IPv6 address', async () => {
    const port = server.members[0]?.tcp.split(':').at(-1)
    await server.members[0]?.daemon.appctl('ovsdb-server/add-remote', `ptcp:${port}:[::1]`)
    const connection = await live({ remotes: `tcp:[::1]:${port}` })
    expect(connection.remote).toBe(`tcp:[::1]:${port}`)
  })
})
