import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Open_vSwitch } from '@ovnkit/ovs'
import { openDatabase } from '@ovnkit/ovsdb'
import { run, startOvsdbServer, type TestServer } from '@ovnkit/ovsdb/testing'
import { silentLogger } from '@ovnkit/process'
import { endProcess, waitUntil } from '@ovnkit/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type LocalDatabase, switchTables } from '../facts/switch.ts'
import { followSockets } from './relink.ts'

/** A real database, and in the place of ovs-vswitchd a process with sockets that it has bound. */
let stack: AsyncDisposableStack
let server: TestServer
let database: LocalDatabase
let pods: string

const vsctl = (...args: string[]) =>
  run('ovs-vsctl', [`--db=${server.remote}`, '--no-wait', '--timeout=20', '--bare', ...args])

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  server = stack.use(await startOvsdbServer({ schema: '/usr/share/openvswitch/vswitch.ovsschema' }))
  database = stack.use(
    openDatabase(Open_vSwitch, {
      remotes: server.remote,
      tables: switchTables,
      leaderOnly: false,
      logger: silentLogger,
    }),
  )
  await database.ready()
  pods = join(server.dir, 'pods')
  mkdirSync(pods)
  const ids = ['iface-id=default_p', 'sandbox=s', 'ovn-installed=true', `zstack.io/vhost-socket=${pods}/eth0`]
  await vsctl(
    ...['init', '--', 'add-br', 'br-int', '--', 'add-port', 'br-int', 'vhu1', '--', 'set', 'Interface', 'vhu1'],
    ...['type=dpdkvhostuser', 'mtu_request=1400', ...ids.map(id => `external_ids:${id.replace(/:/g, '\\:')}`)],
  )
})
afterEach(() => stack.disposeAsync())

/** Binds its control socket and one of the name; says so by its pid's file, the last thing that it makes. */
const daemonSource = `
  const { createServer } = require('node:net'), { writeFileSync } = require('node:fs'), [dir, name] = process.argv.slice(1)
  const listen = file => new Promise(done => createServer(() => {}).listen(dir + '/' + file, done))
  listen(name).then(() => listen('ovs-vswitchd.' + process.pid + '.ctl')).then(() => writeFileSync(dir + '/ovs-vswitchd.pid', process.pid + '\\n'))
`

async function startDaemon(name: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', daemonSource, server.dir, name], { stdio: 'inherit' })
  stack.defer(() => void child.kill('SIGKILL'))
  const pid = join(server.dir, 'ovs-vswitchd.pid')
  await waitUntil('its pid', () => existsSync(pid) && readFileSync(pid, 'utf8') === `${child.pid}\n`)
  return child
}

const follow = () =>
  stack.use(
    followSockets({
      ...{ folder: server.dir, runFolder: server.dir, database, logger: silentLogger },
      batcher: database.batcher(),
    }),
  )

const made = () => existsSync(join(server.dir, 'vhu1'))

it('sockets of a daemon that is killed go at once, those of one that lives stay, and pods’ names follow', async () => {
  const daemon = await startDaemon('vhu1')
  follow()
  const inode = () => statSync(join(server.dir, 'vhu1')).ino
  await waitUntil('the pod to have it', () => statSync(`${pods}/eth0`, { throwIfNoEntry: false })?.ino === inode())
  expect(made()).toBe(true)
  await endProcess(daemon)
  await waitUntil('the socket to be gone', () => !made())
  const old = statSync(`${pods}/eth0`).ino
  await startDaemon('vhu1')
  await waitUntil('the pod to have the new one', () => {
    const now = statSync(`${pods}/eth0`, { throwIfNoEntry: false })?.ino
    return now === inode() && now !== old
  })
  expect(await vsctl('--columns=name', 'find', 'Interface', 'type=dpdkvhostuser')).toContain('vhu1')
})

it('a port that met such a socket nevertheless is made anew under another name, once', async () => {
  await endProcess(await startDaemon('vhu1'))
  expect(made()).toBe(true)
  follow()
  await waitUntil('the socket to be gone', () => !made())
  await vsctl('set', 'Interface', 'vhu1', 'ofport=-1')
  const find = (column: string) => vsctl(`--columns=${column}`, 'find', 'Interface', 'type=dpdkvhostuser')
  await waitUntil('another name', async () => !['', 'vhu1'].includes((await find('name')).trim()))
  const name = (await find('name')).trim()
  expect(name).toMatch(/^vhu[0-9a-f]{12}$/)
  expect(await find('mtu_request')).toContain('1400')
  expect(await find('external_ids')).toMatch(/iface-id=default_p/)
  expect(await find('external_ids')).not.toContain('ovn-installed')
  // It fails for another reason now, and stays.
  await vsctl('set', 'Interface', name, 'ofport=-1')
  await vsctl('set', 'Interface', name, 'ofport=7')
  await waitUntil('the database to be read', () => database.table('Interface').by('byName', name)?.ofport === 7)
  expect((await find('name')).trim()).toBe(name)
})
