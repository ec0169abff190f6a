import { copyFile, readFile, rm } from 'node:fs/promises'
import { temporaryFolder, waitUntil } from '@ovnkit/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { factsSchema } from '../testing/clients.ts'
import { type Identity, TestPki } from '../testing/pki.ts'
import { TestReplica } from '../testing/replica.ts'
import { startOvsdbServer, type TestServer } from '../testing.ts'
import { createConnection } from './connection.ts'
import type { Connection, ConnectionOptions, TlsFiles } from './types.ts'

const plan = new Map([['Item', { columns: ['name'] }]])
let dir: string
let pki: TestPki
let foreign: TestPki
let client: Identity
let stranger: Identity
let server: TestServer

beforeAll(async () => {
  dir = await temporaryFolder()
  pki = await TestPki.create(dir)
  foreign = await TestPki.create(dir, 'foreign')
  client = await pki.issue('client')
  stranger = await foreign.issue('stranger')
  const { cert, key } = await pki.issue('server')
  server = await startOvsdbServer({ schema: factsSchema, tls: { ca: pki.ca, cert, key, peerCa: pki.ca } })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(dir, { recursive: true })
})

let stack: AsyncDisposableStack
let replica: TestReplica
beforeEach(() => {
  stack = new AsyncDisposableStack()
  replica = new TestReplica(plan)
})
afterEach(() => stack.disposeAsync())

function open(tls: TlsFiles | undefined, options: Partial<ConnectionOptions> = {}): Connection {
  const remotes = server.members[0]?.ssl ?? ''
  const backoff = { min: 10, max: 20 }
  const connection = stack.use(
    createConnection({ database: 'Facts', remotes, observer: replica, tls, backoff, ...options }),
  )
  connection.start()
  return connection
}

describe('ssl: remotes', () => {
  test('both sides show certificates of the authority; names in them do not matter', async () => {
    const connection = open({ ca: pki.ca, ...client })
    await waitUntil('live', () => connection.state === 'live')
    expect(connection.remote).toMatch(/^ssl:127\.0\.0\.1:\d+$/)
    expect(await connection.transact([{ op: 'comment', comment: 'x' }])).toEqual([{}])
  })

  test('a host name is as good as an address', async () => {
    const remotes = (server.members[0]?.ssl ?? '').replace('127.0.0.1', 'localhost')
    const connection = open({ ca: pki.ca, ...client }, { remotes })
    await waitUntil('live', () => connection.state === 'live')
  })

  test('a server of another authority is refused', async () => {
    open({ ca: foreign.ca, ...client })
    await waitUntil('refused', () => replica.causes.length > 1)
    expect(replica.causes[0]).toMatch(/certificate/)
    expect(replica.states).not.toContain('handshake')
  })

  test('the server refuses a client of another authority', async () => {
    const connection = open({ ca: pki.ca, ...stranger })
    await waitUntil('refused', () => replica.causes.length > 1)
    expect(connection.state).not.toBe('live')
    expect(replica.states).not.toContain('syncing')
  })

  test('without certificates the remote is refused with the remedy', async () => {
    open(undefined)
    await waitUntil('refused', () => replica.causes.length > 0)
    expect(replica.causes[0]).toBe('ssl: remotes need the option tls (ca, cert, key)')
  })

  test('a missing file is named', async () => {
    open({ ca: pki.ca, cert: `${dir}/missing.pem`, key: client.key })
    await waitUntil('refused', () => replica.causes.length > 0)
    expect(replica.causes[0]).toContain('missing.pem')
  })
})

describe('rotated files', () => {
  test('are read at the next connect, without restart', async () => {
    const files = { ca: `${dir}/r-ca.pem`, cert: `${dir}/r-cert.pem`, key: `${dir}/r-key.pem` }
    const install = async (ca: string, identity: Identity) => {
      await copyFile(ca, files.ca)
      await copyFile(identity.cert, files.cert)
      await copyFile(identity.key, files.key)
    }
    await install(foreign.ca, stranger)
    const connection = open(files)
    await waitUntil('refused', () => replica.causes.length > 0)
    await install(pki.ca, client)
    await waitUntil('live', () => connection.state === 'live')
    // Rotated under a live connection: that one stays, the next uses the new ones.
    await install(pki.ca, await pki.issue('client2'))
    expect(await connection.transact([])).toEqual([])
    connection.reconnect()
    await waitUntil('live again', () => connection.stats.connects === 2 && connection.state === 'live')
  })
})

describe('CA bootstrap', () => {
  test('saves the authority at first use, then verifies', async () => {
    const ca = `${dir}/bootstrapped.pem`
    const connection = open({ ca, ...client, bootstrapCa: true })
    await waitUntil('live', () => connection.state === 'live')
    const der = (pem: string) => pem.replaceAll(/-----[^-]+-----|\s/g, '')
    expect(der(await readFile(ca, 'utf8'))).toBe(der(await readFile(pki.ca, 'utf8')))
  })

  test('never replaces an authority that is there', async () => {
    open({ ca: foreign.ca, ...client, bootstrapCa: true })
    await waitUntil('refused', () => replica.causes.length > 1)
    expect(replica.states).not.toContain('handshake')
  })

  test('without it a missing file is an error', async () => {
    open({ ca: `${dir}/none.pem`, ...client })
    await waitUntil('refused', () => replica.causes.length > 0)
    expect(replica.causes[0]).toContain('none.pem')
  })
})
