import { Store } from '@ovnkit/reconcile'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ConfigMap, resources } from '../resources.ts'
import { type ControlPlane, startControlPlane } from '../testing/control-plane.ts'
import { waitUntil } from '../testing/wait.ts'
import { mirror } from './mirror.ts'

let plane: ControlPlane
beforeAll(async () => {
  plane = await startControlPlane()
})
afterAll(() => plane.stop())

test('lists page by page, then follows', async () => {
  await namespace('paging')
  await Promise.all(Array.from({ length: 23 }, (_, i) => create('paging', `c${i}`)))
  await using m = follow('paging', { pageSize: 5 })
  await m.mirror.ready()
  expect(m.store.size).toBe(23)
  await create('paging', 'late', { x: 'ä€' })
  await waitUntil('the new object', () => m.store.get('paging/late') === 'ä€')
  await plane.client.delete(resources.configMaps, { namespace: 'paging', name: 'c0' })
  await waitUntil('the removal', () => !m.store.has('paging/c0'))
  expect(m.mirror.stats).toMatchObject({ lists: 1, watches: 1, failures: 0 })
  expect(m.mirror.healthy).toBe(true)
})

function follow(ns: string, options: { pageSize?: number } = {}) {
  const store = new Store<string>({ name: 'configMaps' })
  const stop = new AbortController()
  const trim = (object: ConfigMap) => object.data?.x ?? 'none'
  const { client } = plane
  const running = mirror({
    client,
    resource: resources.configMaps,
    namespace: ns,
    store,
    trim,
    signal: stop.signal,
    ...options,
  })
  const end = async () => {
    stop.abort()
    await running.ended
  }
  return { store, mirror: running, [Symbol.asyncDispose]: end }
}

async function namespace(name: string): Promise<void> {
  await plane.client.create(resources.namespaces, { metadata: { name } })
}

async function create(ns: string, name: string, data: Record<string, string> = {}): Promise<void> {
  await plane.client.create(resources.configMaps, { metadata: { namespace: ns, name }, data })
}
