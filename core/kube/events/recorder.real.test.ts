import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KubeClient } from '../client/client.ts'
import { type Namespace, type Pod, resources } from '../resources.ts'
import { type ControlPlane, startControlPlane } from '../testing/control-plane.ts'
import { findTool } from '../testing/tools.ts'
import { EventRecorder } from './recorder.ts'

const run = promisify(execFile)
let plane: ControlPlane
beforeAll(async () => {
  plane = await startControlPlane()
})
afterAll(() => plane.stop())

test('kubectl describe shows events about namespaced and cluster-scoped objects', async () => {
  const pod = await createPod('described')
  const recorder = new EventRecorder({ client: plane.client, component: 'test-controller' })
  const namespace = await plane.client.create<Namespace>(resources.namespaces, { metadata: { name: 'described-ns' } })
  recorder.event(reference(pod), { type: 'Warning', reason: 'AddressConflict', message: '10.0.0.9 is taken' })
  recorder.event(
    { resource: resources.namespaces, name: 'described-ns', uid: namespace.metadata?.uid ?? '' },
    { type: 'Normal', reason: 'SubnetActive', message: 'all is well' },
  )
  await recorder.flush()
  const shown = await describe('pod', 'described')
  expect(shown).toMatch(/Warning\s+AddressConflict\s+.*test-controller.*\s+10\.0\.0\.9 is taken/)
  expect(await kubectl('get', 'events', '--field-selector', 'involvedObject.name=described-ns')).toMatch(/SubnetActive/)
  const node = await plane.client.create(resources.nodes, { metadata: { name: 'described-node' } })
  recorder.event(
    { resource: resources.nodes, name: 'described-node', uid: node.metadata?.uid ?? '' },
    { type: 'Normal', reason: 'NodePlumbed', message: 'tunnels are up' },
  )
  await recorder.flush()
  expect(await describe('node', 'described-node')).toMatch(/Normal\s+NodePlumbed\s+.*tunnels are up/)
})

test('repetitions count up one Event, in few writes', async () => {
  const pod = await createPod('repeated')
  const methods: string[] = []
  using client = new KubeClient(plane.config, { onAttempt: ({ method }) => methods.push(method) })
  const recorder = new EventRecorder({ client, component: 'test-controller' })
  const note = { type: 'Warning', reason: 'NoSubnet', message: 'no Subnet matches' } as const
  for (let i = 0; i < 20; i++) recorder.event(reference(pod), note)
  await recorder.flush()
  recorder.event(reference(pod), note)
  await recorder.flush()
  const events = await eventsOf('repeated')
  expect(events.map(({ count, message }) => ({ count, message }))).toEqual([
    { count: 21, message: 'no Subnet matches' },
  ])
  expect(methods.length).toBeLessThanOrEqual(3)
})

test('an Event that the API forgot is made anew', async () => {
  const pod = await createPod('forgotten')
  const recorder = new EventRecorder({ client: plane.client, component: 'test-controller' })
  const note = { type: 'Normal', reason: 'Again', message: 'hello' } as const
  recorder.event(reference(pod), note)
  await recorder.flush()
  for (const { metadata } of await eventsOf('forgotten'))
    await plane.client.delete(resources.events, { namespace: 'default', name: metadata.name ?? '' })
  recorder.event(reference(pod), note)
  await recorder.flush()
  expect((await eventsOf('forgotten')).map(event => event.count)).toEqual([2])
})

test('what cannot be delivered is dropped, counted, and holds up nothing', async () => {
  using client = new KubeClient(plane.config)
  const recorder = new EventRecorder({ client, component: 'test-controller' })
  const lost = { resource: resources.pods, namespace: 'no-such-namespace', name: 'x' }
  recorder.event(lost, { type: 'Normal', reason: 'Lost', message: 'x' })
  await recorder.flush()
  expect(recorder.dropped).toBe(1)
})

function reference({ metadata }: Pod) {
  return { resource: resources.pods, namespace: 'default', name: metadata?.name ?? '', uid: metadata?.uid ?? '' }
}

async function eventsOf(name: string) {
  const { items } = await plane.client.list(resources.events, {
    namespace: 'default',
    fieldSelector: `involvedObject.name=${name}`,
  })
  return items
}

function createPod(name: string): Promise<Pod> {
  return plane.client.create(resources.pods, {
    metadata: { namespace: 'default', name },
    spec: { containers: [{ name: 'c', image: 'none' }] },
  })
}

function describe(kind: string, name: string): Promise<string> {
  return kubectl('describe', kind, name)
}

async function kubectl(...args: string[]): Promise<string> {
  return (await run(findTool('kubectl'), ['--kubeconfig', plane.kubeconfig, ...args])).stdout
}
