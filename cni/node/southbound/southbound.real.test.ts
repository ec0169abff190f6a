import { mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '@ovnkit/cni-api'
import { Open_vSwitch } from '@ovnkit/ovs'
import { openDatabase } from '@ovnkit/ovsdb'
import { run, startOvsdbServer, TestPki, type TestServer } from '@ovnkit/ovsdb/testing'
import { temporaryFolder, waitUntil } from '@ovnkit/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { filesOfSwitch, type LocalDatabase, switchTables } from '../facts/switch.ts'
import { startOvnController, type TestController } from './controller.testing.ts'
import { askOvnController } from './ovn-controller.ts'
import { Southbound, type SouthboundProblem } from './southbound.ts'

/** The files of a Secret as a kubelet keeps them: links through `..data`, which is turned from one folder to the next at once. */
class SecretFolder {
  readonly path: string
  #version = 0

  constructor(path: string) {
    this.path = path
    mkdirSync(path)
  }

  hold(files: Readonly<Record<string, string>>): void {
    const fresh = `..${++this.#version}`
    mkdirSync(join(this.path, fresh))
    for (const [name, from] of Object.entries(files)) {
      writeFileSync(join(this.path, fresh, name), readFileSync(from))
      rmSync(join(this.path, name), { force: true })
      symlinkSync(`..data/${name}`, join(this.path, name))
    }
    const old = this.#version > 1 ? readlinkSync(join(this.path, '..data')) : undefined
    symlinkSync(fresh, join(this.path, '..new'))
    renameSync(join(this.path, '..new'), join(this.path, '..data'))
    if (old !== undefined) rmSync(join(this.path, old), { recursive: true })
  }
}

const stack = new AsyncDisposableStack()
let dir: string
let first: TestPki
let second: TestPki
/** What servers show and whom they trust, and the same of the node. */
let theirs: SecretFolder
let ours: SecretFolder
let sb: TestServer
let local: TestServer
let database: LocalDatabase
let controller: TestController
let southbound: Southbound
const told: (SouthboundProblem | undefined)[] = []

beforeAll(async () => {
  dir = await temporaryFolder()
  stack.defer(() => rmSync(dir, { recursive: true }))
  first = await TestPki.create(dir, 'first')
  second = await TestPki.create(dir, 'second')
  theirs = new SecretFolder(join(dir, 'theirs'))
  ours = new SecretFolder(join(dir, 'ours'))
  await certify(theirs, first)
  const tls = { ca: `${theirs.path}/ca.crt`, cert: `${theirs.path}/tls.crt`, key: `${theirs.path}/tls.key` }
  sb = stack.use(await startOvsdbServer({ schema: '/usr/share/ovn/ovn-sb.ovsschema', tls }))
  local = stack.use(await startOvsdbServer({ schema: '/usr/share/openvswitch/vswitch.ovsschema' }))
  const remote = sb.members[0]?.ssl ?? ''
  await vsctl(
    ...['init', '--', 'set', 'Open_vSwitch', '.', 'external_ids:system-id=n1', `external_ids:ovn-remote=${remote}`],
    ...['external_ids:ovn-encap-type=geneve', 'external_ids:ovn-encap-ip=192.0.2.1'],
  )
  database = stack.use(openDatabase(Open_vSwitch, { remotes: local.remote, tables: switchTables, leaderOnly: false }))
  await database.ready()
  const ssl = {
    enabled: 'true',
    ca: `${ours.path}/ca.crt`,
    cert: `${ours.path}/tls.crt`,
    key: `${ours.path}/tls.key`,
  }
  southbound = new Southbound({
    config: readConfig({
      env: {
        ZSTACK_OVN_SBDB_ADDRESS: remote,
        ZSTACK_OVN_SSL_ENABLED: ssl.enabled,
        ZSTACK_OVN_SSL_CA_CERT: ssl.ca,
        ZSTACK_OVN_SSL_CLIENT_CERT: ssl.cert,
        ZSTACK_OVN_SSL_CLIENT_KEY: ssl.key,
      },
    }),
    folder: dir,
    switchFiles: () => filesOfSwitch(database),
    changed: problem => told.push(problem),
    pause: 100,
  })
  controller = stack.use(startOvnController({ folder: dir, database: local.remote, tls: ours.path }))
})
afterEach(() => vsctl('del-ssl'))
afterAll(() => stack.disposeAsync())

const vsctl = (...args: string[]) => run('ovs-vsctl', [`--db=${local.remote}`, '--no-wait', '--timeout=20', ...args])

/** Gives a folder a new certificate of one authority, and authorities to trust: those of the issuer unless said otherwise. */
async function certify(folder: SecretFolder, issuer: TestPki, trusted: readonly TestPki[] = [issuer]): Promise<void> {
  const { cert, key } = await issuer.issue(`${process.hrtime.bigint()}`)
  const authorities = join(dir, 'authorities.pem')
  writeFileSync(authorities, trusted.map(({ ca }) => readFileSync(ca, 'utf8')).join(''))
  folder.hold({ 'ca.crt': authorities, 'tls.crt': cert, 'tls.key': key })
}

/** The server ends every connection by being started again: whoever comes back shows what he has now. */
async function reconnect(): Promise<void> {
  await sb.restart()
}

const connected = () =>
  waitUntil('ovn-controller is connected', async () => (await askOvnController(dir)) === 'connected')
const problem = (pattern: RegExp) =>
  waitUntil(`the problem ${pattern}`, async () => {
    await southbound.look()
    const { message = 'none' } = southbound.problem ?? {}
    if (!pattern.test(message)) throw new Error(message)
    return { ...southbound.problem }
  })
const noProblem = () => problem(/^none$/)

describe('ovn-controller with the options of the manifests', () => {
  it('waits without files, which the agent says, and connects when the Secret has them', async () => {
    await waitUntil('it answers', async () => (await askOvnController(dir)) === 'not connected')
    const found = await problem(
      /there is no file .*ours\/ca\.crt; .*tls\.crt; .*tls\.key: .*keys ca\.crt, tls\.crt and tls\.key/,
    )
    expect(found).toMatchObject({ reason: 'TLSFiles', told: true })
    await certify(ours, first)
    await connected()
    await noProblem()
    expect(told.at(-1)).toBeUndefined()
  })

  it('follows both sides from one authority to another, in its one life', async () => {
    await certify(theirs, first, [first, second])
    await certify(ours, first, [first, second])
    await certify(theirs, second, [first, second])
    await reconnect()
    await connected()
    await certify(ours, second, [second])
    await certify(theirs, second, [second])
    await reconnect()
    await connected()
    expect(controller.ended).toBe(false)
    await noProblem()
  })

  it('that the databases refuse is told with the file, and mended by the file', async () => {
    await certify(ours, first, [second])
    await reconnect()
    const found = await problem(
      /not connected to the Southbound .*: the server refuses the certificate in .*ours\/tls\.crt/,
    )
    expect(found).toMatchObject({ reason: 'SouthboundUnreachable', told: true })
    await certify(ours, second)
    await connected()
    await noProblem()
  })

  it('is told of a key that is not the certificate’s while the old connection still lives', async () => {
    const [own, other] = [await second.issue('own'), await second.issue('other')]
    ours.hold({ 'ca.crt': second.ca, 'tls.crt': own.cert, 'tls.key': other.key })
    await problem(/tls\.key is not the key of the certificate in .*tls\.crt/)
    await certify(ours, second)
    await connected()
    await noProblem()
  })

  it('takes the files of Open vSwitch’s row SSL where somebody has one: told, and left alone', async () => {
    await vsctl('set-ssl', '/nowhere/key.pem', '/nowhere/cert.pem', '/nowhere/ca.pem')
    const stranger = await first.issue('stranger')
    await vsctl('set-ssl', stranger.key, stranger.cert, second.ca)
    await reconnect()
    await problem(/ovs-vsctl get-ssl: .*first-stranger\.key, .*which ovn-controller takes instead/)
    expect(await vsctl('get-ssl')).toContain(stranger.cert)
    await vsctl('del-ssl')
    await connected()
    await noProblem()
  })

  it('that does not run is told, until it runs', async () => {
    await controller.kill()
    const found = await problem(/ovn-controller does not run/)
    expect(found).toMatchObject({ told: false })
    controller = stack.use(startOvnController({ folder: dir, database: local.remote, tls: ours.path }))
    await connected()
    await noProblem()
  })
})
