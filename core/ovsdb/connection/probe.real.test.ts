import { rm } from 'node:fs/promises'
import { freePort, temporaryFolder } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { factsSchema } from '../testing/clients.ts'
import { type Identity, TestPki } from '../testing/pki.ts'
import { startOvsdbServer, type TestServer } from '../testing.ts'
import { probeRemotes } from './probe.ts'

let dir: string
let server: TestServer
let [pki, foreign]: TestPki[] = []
let [client, stranger]: Identity[] = []
const stack = new AsyncDisposableStack()
beforeAll(async () => {
  dir = await temporaryFolder()
  stack.defer(() => rm(dir, { recursive: true }))
  pki = await TestPki.create(dir)
  foreign = await TestPki.create(dir, 'foreign')
  client = await pki.issue('client')
  stranger = await foreign.issue('stranger')
  const tls = { ca: pki.ca, ...(await pki.issue('server')) }
  server = stack.use(await startOvsdbServer({ schema: factsSchema, tls, tcp: true }))
})
afterAll(() => stack.disposeAsync())

const [patience, answer] = [20_000, undefined]
const member = () => server.members[0] ?? expect.fail('expected a server')
const tls = (identity = client, authority = pki) => ({
  ca: authority?.ca ?? '',
  cert: identity?.cert ?? '',
  key: identity?.key ?? '',
})

describe('a server', () => {
  it('that answers is found, over each kind of remote', async () => {
    expect(await probeRemotes(member().ssl, tls(), patience)).toBe(answer)
    expect(await probeRemotes(member().tcp, undefined, patience)).toBe(answer)
    expect(await probeRemotes(server.remote, undefined, patience)).toBe(answer)
  })

  it('that does not is passed over for the next one', async () => {
    const dead = `ssl:127.0.0.1:${await freePort()}`
    expect(await probeRemotes(`${dead},${member().ssl}`, tls(), patience)).toBe(answer)
    expect(await probeRemotes(dead, tls(), patience)).toMatch(/^ssl:127\.0\.0\.1:\d+: connect ECONNREFUSED/)
  })

  it('that refuses our certificate is told with its file, although it says so late', async () => {
    expect(await probeRemotes(member().ssl, tls(stranger), patience)).toContain(
      `: the server refuses the certificate in ${stranger?.cert} (`,
    )
  })

  it('whose certificate we do not trust is told with the file of authorities', async () => {
    expect(await probeRemotes(member().ssl, tls(client, foreign), patience)).toContain(
      `: the server's certificate is not of an authority in ${foreign?.ca} (`,
    )
  })

  it('that speaks no TLS is told', async () => {
    const plain = member().tcp.replace('tcp:', 'ssl:')
    expect(await probeRemotes(plain, tls(), patience)).toMatch(/does not speak TLS|closed the connection|disconnected/)
  })
})
