import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, openLab, removeLab, startLab } from './index.ts'
import { identify, isAlive, type ProcessIdentity } from './state/identity.ts'
import { planOf } from './state/plan.ts'
import { labFolder, loadRecord } from './state/record.ts'
import { waitFor } from './state/wait.ts'

const unique = (name: string) => `${name}-${process.pid}`
const bare = { nodes: 1, mode: 'light', product: 'none' } as const

/** Processes of this machine whose command line or environment holds `text`. */
function processesWith(text: string): number[] {
  const pids = readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0 && pid !== process.pid)
  return pids.filter(pid => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)
    } catch {
      return false
    }
  })
}

function traces(name: string, uplink: string): string[] {
  return [
    ...(existsSync(labFolder(name)) ? [labFolder(name)] : []),
    ...(existsSync(`/sys/class/net/${uplink}`) ? [uplink] : []),
    ...processesWith(`/${name}/`).map(pid => `process ${pid}`),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter(line => line.includes(`/${name}/`)),
  ]
}

describe('a lab', () => {
  const name = unique('life')
  let lab: Lab

  beforeAll(async () => {
    lab = await startLab({ ...bare, name })
  })
  afterAll(async () => {
    await lab.close()
    await removeLab(name)
  })

  it('has an API server, OVN and a chassis for its node', async () => {
    const client = await lab.client()
    expect((await client.request({ method: 'GET', path: '/readyz' })).body.toString()).toBe('ok')
    const chassis = () => lab.exec('control', ['ovn-sbctl', '--bare', '--columns=name', 'list', 'Chassis'])
    await waitFor(async () => (await chassis()).trim() === 'n1', { what: 'the chassis n1', within: 20_000 })
  })

  it('stays as it is when it is started again', async () => {
    const before = await lab.status()
    await (await startLab({ ...bare, name })).close()
    expect(await lab.status()).toEqual(before)
  })

  it('refuses to become another one', async () => {
    await expect(startLab({ ...bare, name, nodes: 2 })).rejects.toThrow(`lab ${name} exists with another nodes`)
  })

  it('keeps what happens on a node away from the host', async () => {
    const { code, stderr } = await lab.tryExec('n1', ['touch', '/usr/written-by-a-lab'])
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('Read-only file system') })
    await lab.exec('n1', ['touch', '/etc/written-by-a-lab', '/var/written-by-a-lab'])
    expect(existsSync('/etc/written-by-a-lab') || existsSync('/var/written-by-a-lab')).toBe(false)
  })

  it('ends one service and starts it again', async () => {
    const before = lab.process('n1', 'ovn-controller')
    expect(await lab.kill('n1', 'ovn-controller')).toBe(true)
    expect(lab.process('n1', 'ovn-controller')).toBeUndefined()
    expect(await lab.kill('n1', 'ovn-controller')).toBe(false)
    await lab.start('n1', 'ovn-controller')
    expect(lab.process('n1', 'ovn-controller')?.pid).not.toBe(before?.pid)
    await expect(lab.kill('n1', 'no-such')).rejects.toThrow('n1 has no service no-such; it has ovsdb-server')
  })

  it('cuts a node off and mends it', async () => {
    const ping = async () => (await lab.tryExec('n1', ['ping', '-c1', '-W1', lab.plan.controlAddress])).code
    const answers = (code: number) =>
      waitFor(async () => (await ping()) === code, { what: `ping with ${code}`, within: 20_000 })
    await answers(0)
    await lab.cut('n1')
    await answers(1)
    await lab.heal()
    await answers(0)
  })

  it('says so when there is no lab of a name', () => {
    expect(() => openLab('no-such-lab')).toThrow('there is no lab no-such-lab')
  })
})

describe('traces', () => {
  it('are none after the lab is removed', async () => {
    const name = unique('gone')
    const lab = await startLab({ ...bare, name })
    const { uplink } = lab.plan
    expect(traces(name, uplink)).not.toEqual([])
    await lab.close()
    await removeLab(name)
    await waitFor(() => traces(name, uplink).length === 0, {
      what: `the end of ${traces(name, uplink)}`,
      within: 20_000,
    })
    await removeLab(name)
  })

  it('are none after its owner was killed', async () => {
    const name = unique('orphan')
    const owner = startInChild(name, 'await new Promise(() => setInterval(() => {}, 1000))')
    await waitFor(() => owner.said().includes('up\n'), { what: 'the lab of the child process', within: 60_000 })
    const { uplink } = planOf(recordOf(name))
    owner.child.kill('SIGKILL')
    await waitFor(() => traces(name, uplink).length === 0, {
      what: 'the end of the orphaned lab',
      within: 60_000,
      every: 100,
    })
  })

  it('are none after a start that was killed in the middle', async () => {
    const name = unique('half')
    const owner = startInChild(name, '')
    const inits = () => ['control', 'n1'].flatMap(machine => initOf(name, machine) ?? [])
    await waitFor(() => inits().length === 2, { what: 'the machines of the child process', within: 60_000, every: 1 })
    const { uplink } = planOf(recordOf(name))
    const machines = inits()
    owner.child.kill('SIGKILL')
    await waitFor(() => traces(name, uplink).length === 0, {
      what: 'the end of the half lab',
      within: 60_000,
      every: 100,
    })
    expect(machines.filter(isAlive)).toEqual([])
  })
})

function recordOf(name: string) {
  const record = loadRecord(name)
  if (record === undefined) throw new Error(`no record of lab ${name}`)
  return record
}

function initOf(name: string, machine: string): ProcessIdentity | undefined {
  try {
    return identify(JSON.parse(readFileSync(`${labFolder(name)}/${machine}/init.json`, 'utf8')).pid)
  } catch {
    return undefined
  }
}

/** Starts an owned lab in another process, as a test file that may crash does. */
function startInChild(name: string, afterwards: string): { child: ChildProcess; said: () => string } {
  const index = new URL('index.ts', import.meta.url).href
  const options = JSON.stringify({ ...bare, name, owned: true })
  const source = `import { startLab } from '${index}'\nawait startLab(${options})\nconsole.log('up')\n${afterwards}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout?.on('data', chunk => {
    text += String(chunk)
  })
  void once(child, 'exit')
  return { child, said: () => text }
}
