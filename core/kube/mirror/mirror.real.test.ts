import { Store } from '@ovnkit/reconcile'
import { startFaultyLine, waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KubeClient } from '../client/client.ts'
import { type ConfigMap, defineResource, resources } from '../resources.ts'
import { type ControlPlane, startControlPlane } from '../testing/control-plane.ts'
import { type MirrorOptions, mirror } from './mirror.ts'

let plane: ControlPlane
beforeAll(async () => {
  plane = await startControlPlane()
})
afterAll(() => plane.stop())

test('lists page by page, then follows additions, changes and removals', async () => {
  await namespace('paging')
  await Promise.all(Array.from({ length: 23 }, (_, i) => create('paging', `c${i}`)))
  await using m = follow('paging', { pageSize: 5 })
  await m.mirror.ready()
  expect(m.store.size).toBe(23)
  await create('paging', 'late', 'ä€')
  await waitUntil('the new object', () => m.store.get('paging/late') === 'ä€')
  await change('paging', 'late', 'other')
  await waitUntil('the change', () => m.store.get('paging/late') === 'other')
  await remove('paging', 'c0')
  await waitUntil('the removal', () => !m.store.has('paging/c0'))
  expect(m.mirror.stats).toMatchObject({ lists: 1, watches: 1, events: 3, failures: 0 })
  expect(m.mirror.problem).toBeUndefined()
})

test('a cut connection is resumed where it ended, without a new list', async () => {
  await namespace('cut')
  await using proxy = await startFaultyLine(Number(new URL(plane.server).port))
  await using m = follow('cut', { client: through(proxy.port) })
  await m.mirror.ready()
  await create('cut', 'a')
  await waitUntil('the object', () => m.store.has('cut/a'))
  proxy.cut()
  await create('cut', 'b')
  await waitUntil('the object made meanwhile', () => m.store.has('cut/b'))
  expect(m.mirror.stats.lists).toBe(1)
  expect(m.mirror.stats.watches).toBeGreaterThan(1)
})

test('a silent connection is noticed by the missing bookmark', async () => {
  await namespace('silent')
  await using proxy = await startFaultyLine(Number(new URL(plane.server).port))
  // The server sends a bookmark 2 s before its own timeout; then the watch is frozen.
  await using m = follow('silent', {
    client: through(proxy.port),
    timings: { timeoutSeconds: 4, silenceMs: 2_500, headMs: 1_000 },
  })
  // The server bookmarks only what is newer than the beginning of the watch: something must change after it.
  await waitUntil('the watch', () => m.mirror.healthy)
  await create('paging', 'noise')
  await waitUntil('a bookmark', () => m.mirror.stats.bookmarks > 0)
  proxy.freeze()
  await waitUntil('the watch to be given up', () => m.mirror.problem?.includes('the watch is dead'))
  await create('silent', 'a')
  proxy.thaw()
  await waitUntil('the object', () => m.store.has('silent/a'))
  expect(m.mirror.stats.lists).toBe(1)
})

test('bookmarks move the position on, so that compaction does not hurt a quiet watch', async () => {
  await namespace('quiet')
  await namespace('busy')
  await using proxy = await startFaultyLine(Number(new URL(plane.server).port))
  await using m = follow('quiet', { client: through(proxy.port), timings: { timeoutSeconds: 4 } })
  await waitUntil('the watch', () => m.mirror.healthy)
  await create('busy', 'x')
  await waitUntil('a bookmark and the watch after it', () => m.mirror.stats.bookmarks > 0 && m.mirror.stats.watches > 1)
  expect(m.mirror.stats).toMatchObject({ lists: 1, failures: 0 })
  expect(m.mirror.problem).toBeUndefined()
})

test('an API server that is killed and started again: resumed or listed again, nothing missed, values kept', async () => {
  await namespace('killed')
  await create('killed', 'kept')
  await create('killed', 'gone')
  await using m = follow('killed')
  await m.mirror.ready()
  const changes: string[] = []
  m.store.subscribe(key => changes.push(key))
  await plane.killApiServer()
  await waitUntil('the outage to be noticed', () => m.mirror.problem !== undefined)
  expect(m.store.size).toBe(2)
  await plane.startApiServer()
  await remove('killed', 'gone')
  await waitUntil('the removal', () => !m.store.has('killed/gone'))
  await waitUntil('health', () => m.mirror.healthy)
  expect(changes).toEqual(['killed/gone'])
})

test('410 after compaction leads to a new list of which only the differences are told', async () => {
  await using old = await startControlPlane({ apiServerArgs: ['--watch-cache=false'] })
  await old.client.create(resources.namespaces, { metadata: { name: 'gone' } })
  for (const name of ['same', 'changed', 'removed']) await create('gone', name, 'one', old.client)
  await using proxy = await startFaultyLine(Number(new URL(old.server).port))
  await using m = follow('gone', { client: through(proxy.port, old) })
  await m.mirror.ready()
  const changes: string[] = []
  m.store.subscribe((key, value) => changes.push(`${key}=${value ?? ''}`))
  proxy.freeze()
  await change('gone', 'changed', 'two', old.client)
  await remove('gone', 'removed', old.client)
  await create('gone', 'added', 'three', old.client)
  await old.compact()
  proxy.cut()
  proxy.thaw()
  await waitUntil('the second list', () => m.mirror.stats.lists > 1 && m.store.has('gone/added'))
  expect(changes.sort()).toEqual(['gone/added=three', 'gone/changed=two', 'gone/removed='])
})

test('a resource that the server does not serve is an empty store where it is optional, and a problem where it is not', async () => {
  const resource = defineResource<ConfigMap>({ ...resources.configMaps, plural: 'wonders' })
  await using optional = follow('default', { resource, optional: true })
  await optional.mirror.ready()
  expect(optional.mirror).toMatchObject({ healthy: true, synced: true })
  await using needed = follow('default', { resource })
  await waitUntil('the problem', () => needed.mirror.problem?.includes('404'))
  expect(needed.mirror.synced).toBe(false)
})

function follow(ns: string, options: Partial<MirrorOptions<ConfigMap, string>> = {}) {
  const store = new Store<string>({ name: 'configMaps' })
  const stop = new AbortController()
  const trim = (object: ConfigMap) => object.data?.x ?? 'none'
  const fieldSelector = 'metadata.name!=kube-root-ca.crt'
  const base = { client: plane.client, resource: resources.configMaps, namespace: ns, fieldSelector, store, trim }
  const running = mirror({ ...base, backoff: { maxMs: 500 }, signal: stop.signal, ...options })
  const end = async () => {
    stop.abort()
    await running.ended
    if (options.client !== undefined) options.client.close()
  }
  return { store, mirror: running, [Symbol.asyncDispose]: end }
}

function through(port: number, to: ControlPlane = plane): KubeClient {
  return new KubeClient({ ...to.config, server: `https://127.0.0.1:${port}` })
}

async function namespace(name: string): Promise<void> {
  await plane.client.create(resources.namespaces, { metadata: { name } })
}

async function create(ns: string, name: string, x = '', client = plane.client): Promise<void> {
  await client.create(resources.configMaps, { metadata: { namespace: ns, name }, data: { x } })
}

async function change(ns: string, name: string, x: string, client = plane.client): Promise<void> {
  await client.mergePatch(resources.configMaps, { namespace: ns, name }, { data: { x } })
}

async function remove(ns: string, name: string, client = plane.client): Promise<void> {
  await client.delete(resources.configMaps, { namespace: ns, name })
}
