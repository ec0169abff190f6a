import { rm } from 'node:fs/promises'
import { startOvsdbServer, TestPki, type TestServer } from '@ovnkit/ovsdb/testing'
import { temporaryFolder, waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { World } from './testing/world.ts'

/** ZStack's databases as a cluster of three that speaks TLS only: all its addresses are in the configuration. */
const stack = new AsyncDisposableStack()
let w: World
let nb: TestServer
beforeAll(async () => {
  const folder = await temporaryFolder()
  stack.defer(() => rm(folder, { recursive: true }))
  const pki = await TestPki.create(folder)
  const [server, client] = [await pki.issue('server'), await pki.issue('client')]
  const tls = { ca: pki.ca, ...server }
  const start = (name: string) =>
    startOvsdbServer({ schema: `/usr/share/ovn/${name}.ovsschema`, model: 'raft', members: 3, tls })
  nb = stack.use(await start('ovn-nb'))
  const sb = stack.use(await start('ovn-sb'))
  const over = (one: TestServer) => one.members.map(({ ssl }) => ssl).join(',')
  const ssl = { enabled: true, caCert: pki.ca, clientCert: client.cert, clientKey: client.key }
  const ovn = { mode: 'external', nbdbAddress: over(nb), sbdbAddress: over(sb), ssl }
  w = stack.use(
    await World.start({ northd: true, databases: { nb, sb }, settings: { ovn, tunnel: { type: 'geneve' } } }),
  )
  await w.nbctl('ls-add', 'ls-vpc', '--', 'set', 'Logical_Switch', 'ls-vpc', 'other_config:subnet=10.100.0.0/24')
  await w.addNode('n1', '192.168.0.11')
  await w.startController()
  await w.addSubnet('vpc', { cidr: '10.100.0.0/24', gateway: '10.100.0.1', externalLogicalSwitch: 'ls-vpc' })
})
afterAll(() => stack.disposeAsync())

const hasPort = (name: string) =>
  waitUntil(`the port of ${name}`, async () => (await w.nbctl('lsp-list', 'ls-vpc')).includes(`(default_${name})`))

describe('databases of ZStack’s that are a cluster and speak TLS', () => {
  it('are written to', async () => {
    await w.addPod('first')
    await w.podAddress('first')
    await hasPort('first')
  })

  it('are followed to another leader', async () => {
    await nb.transferLeader()
    await w.addPod('second')
    await w.podAddress('second')
    await hasPort('second')
  })

  it('are followed when the leader dies, and no pod changes its address', async () => {
    const address = await w.podAddress('first')
    const leader = await nb.leader()
    await nb.kill(leader)
    await w.addPod('third')
    await w.podAddress('third')
    await hasPort('third')
    await nb.restart(leader)
    expect(await w.podAddress('first')).toBe(address)
    expect(await w.portAddresses('default_first')).toContain(address)
  })
})
