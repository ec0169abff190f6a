import { Engine, type OwnerKind, Store } from '@ovnkit/reconcile'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KubeClient } from '../client/client.ts'
import { mirror } from '../mirror/mirror.ts'
import { type ConfigMap, defineResource, type KubeObject, type Pod, resources } from '../resources.ts'
import { type ControlPlane, startControlPlane } from '../testing/control-plane.ts'
import { kubeDesires } from './desired.ts'
import { KubeTarget } from './kube-target.ts'
import { observed } from './observed.ts'

interface Widget extends KubeObject {
  spec?: { size?: number }
  status?: { used?: number; note?: string; conditions?: Record<string, unknown>[] }
}

const widgets = defineResource<Widget>({
  group: 'test.ovnkit.io',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: false,
})
const k8s = kubeDesires()
const FINALIZER = 'test.ovnkit.io/in-use'

let plane: ControlPlane
beforeAll(async () => {
  plane = await startControlPlane()
  await installWidgets()
})
afterAll(() => plane.stop())

test('one PATCH annotates a pod; a second engine on the same world writes nothing', async () => {
  const count = new Calls()
  await createPod('annotated')
  await using world = await start(count, podOwner)
  await waitUntil('the annotation', async () => (await annotations('annotated'))?.['zstack.io/pod-ip'] === '10.0.0.9')
  // The pod may be read before the answer to the PATCH, with which it counts.
  await waitUntil('the answer', () => count.of('PATCH') > 0)
  await world.quiet()
  expect(count.of('PATCH')).toBe(1)
  const again = new Calls()
  await using second = await start(again, podOwner)
  await second.quiet()
  expect(again.of('PATCH')).toBe(0)
})

test('drift is repaired, keys of others stay, keys that are undefined are removed', async () => {
  const name = { namespace: 'default', name: 'drifting' }
  await createPod('drifting', { other: 'theirs', 'zstack.io/old': 'x' })
  await using world = await start(new Calls(), podOwner)
  await waitUntil('the annotation', async () => (await annotations('drifting'))?.['zstack.io/pod-ip'] === '10.0.0.9')
  await world.quiet()
  await plane.client.mergePatch(resources.pods, name, { metadata: { annotations: { 'zstack.io/pod-ip': '6.6.6.6' } } })
  await waitUntil('the repair', async () => (await annotations('drifting'))?.['zstack.io/pod-ip'] === '10.0.0.9')
  expect(await annotations('drifting')).toEqual({ other: 'theirs', 'zstack.io/pod-ip': '10.0.0.9' })
})

test('a pod that was made anew under its name never gets what was meant for the first one', async () => {
  const first = await createPod('reborn')
  const stale = new Store<Pod>({ name: 'pods' })
  stale.replace([['default/reborn', first]])
  await plane.client.delete(resources.pods, { namespace: 'default', name: 'reborn' }, { gracePeriodSeconds: 0 })
  const second = await createPod('reborn')
  const target = new KubeTarget({
    client: plane.client,
    resources: [observed({ resource: resources.pods, store: stale, observe: observePod })],
  })
  using engine = new Engine({ owners: [podOwner(stale)], targets: [target] })
  engine.start()
  await waitUntil('the refusal', () => engine.status('pod/default/reborn')?.message.includes('is gone'))
  expect((await annotations('reborn'))?.['zstack.io/pod-ip']).toBeUndefined()
  stale.set('default/reborn', second)
  await waitUntil(
    'the annotation of the second',
    async () => (await annotations('reborn'))?.['zstack.io/pod-ip'] === '10.0.0.9',
  )
})

test('status: conditions are stamped, equal ones written once, the interval holds back and the last one wins', async () => {
  await plane.client.create(widgets, { metadata: { name: 'w1' }, spec: { size: 1 } })
  const wanted = new Store<number>({ name: 'wanted' })
  wanted.replace([['w1', 1]])
  const calls = new Calls()
  await using world = await start(calls, () => statusOwner(wanted))
  const status = async () => (await plane.client.get(widgets, { name: 'w1' })).status
  await waitUntil('the first status', async () => (await status())?.used === 1)
  const stamped = (await status())?.conditions?.[0]?.lastTransitionTime
  expect(stamped).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  for (let used = 2; used <= 20; used++) wanted.set('w1', used)
  await waitUntil('the last status', async () => (await status())?.used === 20)
  await world.quiet()
  expect(calls.of('PATCH')).toBe(2)
  expect((await status())?.conditions?.[0]?.lastTransitionTime).toBe(stamped)
  expect((await plane.client.get(widgets, { name: 'w1' })).spec).toEqual({ size: 1 })
})

test('fields that the server prunes do not lead to writing for ever', async () => {
  await plane.client.create(widgets, { metadata: { name: 'pruned' } })
  const wanted = new Store<number>({ name: 'wanted' })
  wanted.replace([['pruned', 7]])
  const calls = new Calls()
  await using world = await start(calls, () => statusOwner(wanted, { unknownField: 'x' }))
  await waitUntil('the status', async () => (await plane.client.get(widgets, { name: 'pruned' })).status?.used === 7)
  await world.quiet()
  await plane.client.mergePatch(widgets, { name: 'pruned' }, { spec: { size: 3 } })
  await world.quiet()
  expect(calls.of('PATCH')).toBeLessThanOrEqual(2)
})

test('whole objects: applied, repaired, swept when unwanted, and those of others left alone', async () => {
  const foreign: ConfigMap = { metadata: { namespace: 'default', name: 'foreign' }, data: { x: 'theirs' } }
  await plane.client.create(resources.configMaps, foreign)
  const wanted = new Store<string>({ name: 'wanted' })
  wanted.replace([
    ['a', '1'],
    ['b', '1'],
    ['foreign', '1'],
  ])
  {
    await using world = await start(new Calls(), () => objectOwner(wanted))
    await waitUntil('the objects', async () => (await data('a')) === '1' && (await data('b')) === '1')
    await waitUntil('the obstacle', () => world.engine.status('config/foreign')?.message.includes('is not ours'))
    await plane.client.mergePatch(resources.configMaps, { namespace: 'default', name: 'a' }, { data: { x: 'drift' } })
    await waitUntil('the repair', async () => (await data('a')) === '1')
    wanted.delete('b')
    await waitUntil('the removal', async () => (await data('b')) === undefined)
  }
  const later = new Store<string>({ name: 'wanted' })
  later.replace([])
  await using world = await start(new Calls(), () => objectOwner(later))
  await waitUntil('the sweep', async () => (await data('a')) === undefined)
  await world.quiet()
  expect(await data('foreign')).toBe('theirs')
})

test('a finalizer comes and goes among those of others', async () => {
  const others = 'other.example.com/keep'
  await plane.client.create(widgets, { metadata: { name: 'held', finalizers: [others] } })
  const wanted = new Store<boolean>({ name: 'wanted' })
  wanted.replace([['held', true]])
  await using _world = await start(new Calls(), () => finalizerOwner(wanted))
  const finalizers = async () => (await plane.client.get(widgets, { name: 'held' })).metadata?.finalizers
  await waitUntil('ours', async () => (await finalizers())?.includes(FINALIZER) === true)
  expect(await finalizers()).toContain(others)
  wanted.delete('held')
  await waitUntil('the end of ours', async () => (await finalizers())?.includes(FINALIZER) === false)
  expect(await finalizers()).toEqual([others])
})

test('what the API refuses concerns its owner only', async () => {
  const wanted = new Store<string>({ name: 'wanted' })
  wanted.replace([
    ['fine', '1'],
    ['Not-Valid', '1'],
  ])
  await using world = await start(new Calls(), () => objectOwner(wanted))
  await waitUntil('the good one', async () => (await data('fine')) === '1')
  await waitUntil('the refusal', () => world.engine.status('config/Not-Valid')?.state === 'retry')
  expect(world.engine.status('config/Not-Valid')?.message).toContain('Invalid')
})

class Calls {
  readonly methods: string[] = []
  of(method: string): number {
    return this.methods.filter(called => called === method).length
  }
}

async function start(calls: Calls, owner: (pods: Store<Pod>) => OwnerKind) {
  const client = new KubeClient(plane.config, { onAttempt: ({ method }) => calls.methods.push(method) })
  const stop = new AbortController()
  const pods = new Store<Pod>({ name: 'pods' })
  const maps = new Store<ConfigMap>({ name: 'configMaps' })
  const things = new Store<Widget>({ name: 'widgets' })
  const common = { client, signal: stop.signal }
  const mirrors = {
    pods: mirror({ ...common, resource: resources.pods, store: pods, trim: pod => pod }),
    maps: mirror({ ...common, resource: resources.configMaps, store: maps, trim: map => map }),
    things: mirror({ ...common, resource: widgets, store: things, trim: thing => thing }),
  }
  await Promise.all(Object.values(mirrors).map(each => each.ready()))
  const target = new KubeTarget({
    client,
    resources: [
      observed({
        resource: resources.pods,
        store: pods,
        observe: observePod,
        version: key => mirrors.pods.version(key),
      }),
      observed({
        resource: resources.configMaps,
        store: maps,
        observe: observeWhole,
        version: key => mirrors.maps.version(key),
      }),
      observed({
        resource: widgets,
        store: things,
        observe: observeWidget,
        version: key => mirrors.things.version(key),
      }),
    ],
  })
  const engine = new Engine({ owners: [owner(pods)], targets: [target] })
  engine.start()
  const end = async () => {
    engine[Symbol.dispose]()
    stop.abort()
    await Promise.all(Object.values(mirrors).map(each => each.ended))
    client.close()
  }
  /** Everything settled, and every write has come back through the watch. */
  const quiet = async () => {
    const marker = await plane.client.create(resources.configMaps, {
      metadata: { namespace: 'kube-public', generateName: 'marker-' },
    })
    await waitUntil('the marker', () => maps.has(`kube-public/${marker.metadata?.name}`))
    await engine.settled()
  }
  return { engine, quiet, [Symbol.asyncDispose]: end }
}

function podOwner(pods: Store<Pod>): OwnerKind {
  return {
    kind: 'pod',
    keys: pods,
    render: (key, view) => {
      const pod = view.get(pods, key)
      if (pod?.metadata?.uid === undefined || pod.metadata.name === undefined) return { kind: 'wait', reason: 'NoPod' }
      const ref = { resource: resources.pods, namespace: 'default', name: pod.metadata.name, uid: pod.metadata.uid }
      const values = { 'zstack.io/pod-ip': '10.0.0.9', 'zstack.io/old': undefined }
      return { kind: 'objects', objects: [k8s.annotations(ref, values)] }
    },
  }
}

function statusOwner(wanted: Store<number>, more: Record<string, unknown> = {}): OwnerKind {
  return {
    kind: 'widget',
    keys: wanted,
    render: (key, view) => {
      const used = view.get(wanted, key)
      const conditions = [{ type: 'Ready', status: 'True', reason: 'Fine', message: `${used} used` }]
      const status = { used, conditions, ...more }
      return {
        kind: 'objects',
        objects: [k8s.status({ resource: widgets, name: key }, status, { minIntervalMs: 300 })],
      }
    },
  }
}

function objectOwner(wanted: Store<string>): OwnerKind {
  return {
    kind: 'config',
    keys: wanted,
    render: (key, view) => {
      const object: ConfigMap = {
        metadata: { namespace: 'default', name: key },
        data: { x: view.get(wanted, key) ?? '' },
      }
      return { kind: 'objects', objects: [k8s.object(resources.configMaps, object)] }
    },
  }
}

function finalizerOwner(wanted: Store<boolean>): OwnerKind {
  return {
    kind: 'holder',
    keys: wanted,
    render: key => ({ kind: 'objects', objects: [k8s.finalizer({ resource: widgets, name: key }, FINALIZER)] }),
  }
}

function observePod({ metadata }: Pod) {
  return { uid: metadata?.uid ?? '', annotations: metadata?.annotations }
}

function observeWhole(object: ConfigMap) {
  return { uid: object.metadata?.uid ?? '', object }
}

function observeWidget({ metadata, status }: Widget) {
  return { uid: metadata?.uid ?? '', status, finalizers: metadata?.finalizers }
}

async function annotations(name: string): Promise<Record<string, string> | undefined> {
  return (await plane.client.get(resources.pods, { namespace: 'default', name })).metadata?.annotations
}

async function data(name: string): Promise<string | undefined> {
  const { items } = await plane.client.list(resources.configMaps, {
    namespace: 'default',
    fieldSelector: `metadata.name=${name}`,
  })
  return items[0]?.data?.x
}

function createPod(name: string, notes: Record<string, string> = {}): Promise<Pod> {
  return plane.client.create(resources.pods, {
    metadata: { namespace: 'default', name, annotations: notes },
    spec: { containers: [{ name: 'c', image: 'none' }], terminationGracePeriodSeconds: 0 },
  })
}

async function installWidgets(): Promise<void> {
  const status = {
    type: 'object',
    properties: { used: { type: 'integer' }, note: { type: 'string' }, conditions: conditions() },
  }
  const spec = { type: 'object', properties: { size: { type: 'integer' } } }
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec, status } } }
  const { group, plural, kind } = widgets
  await plane.client.create(resources.customResourceDefinitions, {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Cluster',
      names: { plural, kind },
      versions: [{ name: 'v1', served: true, storage: true, schema, subresources: { status: {} } }],
    },
  })
  await waitUntil('the new resource to be served', () =>
    plane.client.list(widgets).then(
      () => true,
      () => false,
    ),
  )
}

function conditions(): object {
  const text = { type: 'string' }
  const properties = {
    type: text,
    status: text,
    reason: text,
    message: text,
    lastTransitionTime: { ...text, format: 'date-time' },
  }
  return { type: 'array', items: { type: 'object', properties } }
}
