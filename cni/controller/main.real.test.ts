import { leaseName } from '@ovnkit/cni-api'
import { resources } from '@ovnkit/kube'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Program, World } from './testing/world.ts'

let w: World
let first: Program
let second: Program
/** Long enough that a busy machine's leader keeps its lease, short enough to wait for the end of a killed one's. */
const election = [
  '--leader-elect-lease-duration=12s',
  '--leader-elect-renew-deadline=10s',
  '--leader-elect-retry-period=1s',
]
beforeAll(async () => {
  w = await World.start()
  await w.addNode('n1', '192.168.0.11')
  first = await w.startProgram('one', ...election)
  await ready(first)
  await waitUntil('the first to lead', async () => (await holder())?.startsWith('one_'))
  second = await w.startProgram('two', ...election)
})
afterAll(() => w[Symbol.asyncDispose]())

const ready = (program: Program) =>
  waitUntil(`${program.daemon.name} to be ready`, async () => (await program.ask('/readyz')).status === 200)

async function holder(): Promise<string | undefined> {
  const lease = await w.kube.client
    .get(resources.leases, { namespace: 'kube-system', name: leaseName })
    .catch(() => undefined)
  return lease?.spec?.holderIdentity ?? undefined
}

describe('two controllers', () => {
  it('agree who leads, and the other one is ready to', async () => {
    await ready(second)
    expect(await holder()).toMatch(/^one_/)
    await w.addPod('a')
    expect(await w.podAddress('a')).toBe('10.244.0.2')
    expect(await second.log()).not.toContain('"leading"')
  })

  it('take over from one another, and nothing changes', async () => {
    const port = await w.nbctl('get', 'Logical_Switch_Port', 'default_a', '_uuid')
    await first.daemon.kill('SIGKILL')
    await w.addPod('b')
    expect(await w.podAddress('b')).toBe('10.244.0.3')
    expect(await holder()).toMatch(/^two_/)
    expect(await w.nbctl('get', 'Logical_Switch_Port', 'default_a', '_uuid')).toBe(port)
    expect(await w.portAddresses('default_a')).toContain('10.244.0.2')
  })

  it('give the lease back when they are told to end', async () => {
    await second.daemon.stop()
    expect(await holder()).toBeFalsy()
  })
})

describe('readiness', () => {
  it('tells that a database is away, and comes back with it', async () => {
    const program = await w.startProgram('three', '--leader-elect=false')
    await ready(program)
    await w.nb.kill()
    await waitUntil('it to be unready because of the database', async () => {
      const { status, text } = await program.ask('/readyz')
      return status === 503 && text.includes('Northbound')
    })
    expect((await program.ask('/healthz')).status).toBe(200)
    await w.addPod('c')
    await w.nb.restart()
    await ready(program)
    await waitUntil('the pod’s port', async () => (await w.portAddresses('default_c')) !== '')
    await program.daemon.stop()
  })

  it('says what is wrong with a configuration, all of it, and ends', async () => {
    const program = await w.startProgram('four', '--config=/does/not/exist')
    await waitUntil('it to end', () => !program.daemon.running)
    expect(await program.log()).toContain('/does/not/exist')
  })
})
