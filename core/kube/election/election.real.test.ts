import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startFaultyLine, waitUntil } from '@ovnkit/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { KubeClient } from '../client/client.ts'
import { resources } from '../resources.ts'
import { type ControlPlane, startControlPlane } from '../testing/control-plane.ts'
import { LeadershipLostError, runLeaderElection } from './election.ts'

let plane: ControlPlane
const processes: ChildProcess[] = []
beforeAll(async () => {
  plane = await startControlPlane()
})
afterEach(() => {
  for (const child of processes.splice(0)) child.kill('SIGKILL')
})
afterAll(() => plane.stop())

test('a killed leader is succeeded after its lease, a stopped one has given it back', async () => {
  const first = candidate('first')
  await waitUntil('the first leader', () => first.lines.includes('leading'))
  const second = candidate('second')
  await waitUntil('the standby', () => second.lines.includes('standby of first'))
  first.child.kill('SIGKILL')
  await waitUntil('the successor', () => second.lines.includes('leading'))
  const third = candidate('third')
  await waitUntil('the next standby', () => third.lines.includes('standby of second'))
  second.child.kill('SIGTERM')
  await once(second.child, 'close') // with all that it printed
  expect(second.lines.slice(-2)).toEqual(['lost', 'ended'])
  // Given back, or taken by the third already: not waited out.
  const left = await plane.client.get(resources.leases, { namespace: 'default', name: 'candidates' })
  expect(left.spec?.holderIdentity ?? '').not.toBe('second')
  await waitUntil('the next successor', () => third.lines.includes('leading'))
  const { spec } = await plane.client.get(resources.leases, { namespace: 'default', name: 'candidates' })
  expect(spec).toMatchObject({ holderIdentity: 'third', leaseDurationSeconds: 8 })
  expect(spec?.leaseTransitions).toBeGreaterThanOrEqual(2)
})

test('a standby writes nothing while another leads', async () => {
  const writes: string[] = []
  using quietClient = new KubeClient(plane.config, {
    onAttempt: ({ method }) => method === 'GET' || writes.push(method),
  })
  const stop = new AbortController()
  const leader = campaign('standby', 'leader', plane.client, stop.signal)
  await waitUntil('the leader', () => leader.states.includes('leading'))
  const standby = campaign('standby', 'standby', quietClient, stop.signal)
  await waitUntil('the standby', () => standby.states.includes('standby of leader'))
  const renewals = () =>
    plane.client.get(resources.leases, { namespace: 'default', name: 'standby' }).then(lease => lease.spec?.renewTime)
  const before = await renewals()
  await waitUntil('a renewal', async () => (await renewals()) !== before)
  expect(writes).toEqual([])
  stop.abort(new Error('over'))
  await Promise.all([leader.ended, standby.ended])
})

test('a leader that cannot reach the API gives up before another may lead, and comes back as a standby', async () => {
  await using proxy = await startFaultyLine(Number(new URL(plane.server).port))
  using cutOff = new KubeClient({ ...plane.config, server: `https://127.0.0.1:${proxy.port}` })
  const stop = new AbortController()
  const isolated = campaign('isolated', 'isolated', cutOff, stop.signal)
  await waitUntil('the leader', () => isolated.states.includes('leading'))
  const other = campaign('isolated', 'other', plane.client, stop.signal)
  await waitUntil('the standby', () => other.states.includes('standby of isolated'))
  proxy.freeze()
  await waitUntil('the loss', () => isolated.states.includes('lost'))
  expect(other.states).not.toContain('leading')
  expect(isolated.reasons[0]).toBeInstanceOf(LeadershipLostError)
  await waitUntil('the successor', () => other.states.includes('leading'))
  proxy.cut()
  proxy.thaw()
  await waitUntil('the return', () => isolated.states.includes('standby of other'))
  stop.abort(new Error('over'))
  await Promise.all([isolated.ended, other.ended])
})

test('the lease is kept until the work of the leader has ended', async () => {
  const stop = new AbortController()
  let finish: () => void = () => {}
  const work = new Promise<void>(resolve => {
    finish = resolve
  })
  const options = {
    client: plane.client,
    namespace: 'default',
    name: 'draining',
    leaseSeconds: 3,
    renewSeconds: 2,
    retrySeconds: 0.2,
  }
  let leading = false
  const ended = runLeaderElection({
    ...options,
    identity: 'one',
    signal: stop.signal,
    onLeading: () => {
      leading = true
      return work
    },
  })
  await waitUntil('the leader', () => leading)
  stop.abort(new Error('over'))
  const holder = async () => (await plane.client.get(resources.leases, { namespace: 'default', name: 'draining' })).spec
  const before = (await holder())?.renewTime
  await waitUntil('a renewal while draining', async () => (await holder())?.renewTime !== before)
  expect((await holder())?.holderIdentity).toBe('one')
  finish()
  await ended
  expect((await holder())?.holderIdentity ?? '').toBe('')
})

test('work that fails ends the election with its error, and releases the lease', async () => {
  const onLeading = () => Promise.reject(new Error('broken work'))
  const { signal } = new AbortController()
  const options = { client: plane.client, namespace: 'default', name: 'failing', identity: 'one', signal, onLeading }
  await expect(runLeaderElection(options)).rejects.toThrow('broken work')
  const { spec } = await plane.client.get(resources.leases, { namespace: 'default', name: 'failing' })
  expect(spec?.holderIdentity ?? '').toBe('')
})

function candidate(identity: string) {
  const script = fileURLToPath(import.meta.resolve('../testing/candidate.ts'))
  const child = spawn(process.execPath, [script, plane.kubeconfig, identity], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  child.stdout.on('data', chunk => lines.push(...String(chunk).trim().split('\n')))
  processes.push(child)
  return { child, lines }
}

function campaign(name: string, identity: string, client: KubeClient, signal: AbortSignal) {
  const states: string[] = []
  const reasons: unknown[] = []
  const ended = runLeaderElection({
    client,
    namespace: 'default',
    name,
    identity,
    leaseSeconds: 8,
    renewSeconds: 5,
    retrySeconds: 0.3,
    signal,
    onLeading: leading => {
      states.push('leading')
      leading.addEventListener('abort', () => {
        states.push('lost')
        reasons.push(leading.reason)
      })
    },
    onStandby: holder => states.push(`standby of ${holder}`),
  })
  return { states, reasons, ended }
}
