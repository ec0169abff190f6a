import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { type TestNetns, testNetns } from '@ovnkit/linux/testing'
import { run, TestPki } from '@ovnkit/ovsdb/testing'
import { endProcess, temporaryFolder, waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const programs = new URL('.', import.meta.url).pathname
const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3']

/** A node that runs a member: a network namespace with its address on the common wire, and a disk. */
class Member {
  readonly address: string
  readonly folder: string
  readonly netns: TestNetns
  #process: ChildProcess | undefined

  constructor(address: string, folder: string, netns: TestNetns) {
    this.address = address
    this.folder = folder
    this.netns = netns
    mkdirSync(folder)
  }

  start(tls: string): void {
    const env = {
      ...process.env,
      PATH: `${programs}:${process.env.PATH}`,
      ...{ OVN_DBDIR: this.folder, OVN_RUNDIR: this.folder, OVS_RUNDIR: this.folder },
      ...{ HOST_IP: this.address, OVN_DB_ADDRESSES: addresses.join(','), OVN_TLS_OPTIONS: tls },
    }
    const log = openSync(`${this.folder}/log`, 'a')
    const words = [`--net=${this.netns.path}`, 'setpriv', '--pdeathsig', 'KILL', `${programs}ovn-db`, 'nb']
    this.#process = spawn('nsenter', words, { env, stdio: ['ignore', log, log] })
  }

  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    await endProcess(child)
  }

  /** Its view of the cluster: `tcp` or `ssl` of each member, and the cluster's ID. */
  async view(): Promise<{ readonly kinds: string; readonly cluster: string }> {
    const text = await run('ovs-appctl', [
      ...['--timeout=5', '-t', `${this.folder}/ovnnb_db.ctl`],
      ...['cluster/status', 'OVN_Northbound'],
    ])
    const kinds = [...text.matchAll(/^ +[0-9a-f]+ \([0-9a-f]+ at (tcp|ssl):/gm)].map(([, kind]) => kind)
    return { kinds: kinds.join(' '), cluster: /^Cluster ID: (\S+)/m.exec(text)?.[1] ?? '' }
  }

  loseFile = () => rmSync(`${this.folder}/ovnnb_db.db`)
  log = () => readFileSync(`${this.folder}/log`, 'utf8')
}

const stack = new AsyncDisposableStack()
let tls: string
let members: Member[]
beforeAll(async () => {
  const folder = await temporaryFolder()
  stack.defer(() => rmSync(folder, { recursive: true }))
  const pki = await TestPki.create(folder)
  const { cert, key } = await pki.issue('members')
  tls = `--private-key=${key} --certificate=${cert} --ca-cert=${pki.ca}`
  const wire = stack.use(testNetns('ovnkit-wire'))
  await wire.exec('ip', 'link', 'add', 'wire', 'type', 'bridge')
  await wire.exec('ip', 'link', 'set', 'wire', 'up')
  members = []
  for (const [index, address] of addresses.entries()) {
    const netns = stack.use(testNetns('ovnkit-member'))
    await wire.exec(...plug(`end${index}`, netns))
    await wire.exec('ip', 'link', 'set', `end${index}`, 'master', 'wire', 'up')
    await netns.exec('ip', 'address', 'add', `${address}/24`, 'dev', 'eth0')
    for (const link of ['lo', 'eth0']) await netns.exec('ip', 'link', 'set', link, 'up')
    const member = new Member(address, `${folder}/${index}`, netns)
    stack.defer(() => member.kill())
    members.push(member)
  }
})
afterAll(() => stack.disposeAsync())

const plug = (end: string, { name }: TestNetns): [string, ...string[]] => [
  ...(['ip', 'link', 'add', end, 'type', 'veth'] as const),
  ...['peer', 'name', 'eth0', 'netns', name],
]

const agreed = (kinds: string) =>
  waitUntil(`members at ${kinds}`, async () => {
    const views = await Promise.all(members.map(member => member.view()))
    const wrong = views.find(view => view.kinds.split(' ').sort().join(' ') !== kinds)
    if (wrong !== undefined) throw new Error(wrong.kinds)
    return views[0]?.cluster
  })

const nbctl = (options: string, ...args: string[]) => {
  const kind = options === '' ? 'tcp' : 'ssl'
  const remotes = addresses.map(address => `${kind}:${address}:6641`).join(',')
  const words = options === '' ? [] : options.split(' ')
  return members[0]?.netns.exec('ovn-nbctl', `--db=${remotes}`, '--timeout=30', ...words, ...args)
}

/** What the leader says, once there is one: a member that was restarted may have been it. */
const asked = (options: string, ...args: string[]) =>
  waitUntil('an answer of the leader', () => nbctl(options, ...args))

describe('a cluster of databases', () => {
  let cluster: string | undefined

  it('is made once, without TLS', async () => {
    for (const member of members) member.start('')
    cluster = await agreed('tcp tcp tcp')
    await asked('', '--may-exist', 'ls-add', 'kept')
  })

  it('changes to TLS for clients at once, and says that its members go on as they were', async () => {
    for (const member of members) {
      await member.kill()
      member.start(tls)
      await agreed('tcp tcp tcp')
      expect(member.log()).toMatch(/goes on as tcp:192\.0\.2\.\d:6643 among the members/)
    }
    expect(await asked(tls, '--bare', '--columns=name', 'list', 'Logical_Switch')).toBe('kept\n')
    await expect(nbctl('', '--no-leader-only', 'show')).rejects.toThrow()
  })

  it('changes to TLS among its members when one after the other joins anew', async () => {
    const steps = ['ssl tcp tcp', 'ssl ssl tcp', 'ssl ssl ssl']
    for (const [index, member] of members.entries()) {
      await member.kill()
      member.loseFile()
      member.start(tls)
      expect(await agreed(steps[index] ?? '')).toBe(cluster)
    }
    expect(await asked(tls, '--bare', '--columns=name', 'list', 'Logical_Switch')).toBe('kept\n')
  })

  it('whose first member loses its file with TLS takes it in again', async () => {
    const [first] = members
    await first?.kill()
    first?.loseFile()
    first?.start(tls)
    expect(await agreed('ssl ssl ssl')).toBe(cluster)
    expect(await asked(tls, '--bare', '--columns=name', 'list', 'Logical_Switch')).toBe('kept\n')
  })
})
