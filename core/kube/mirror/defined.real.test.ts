import { Store } from '@ovnkit/reconcile'
import { waitUntil } from '@ovnkit/testing'
import { expect, test } from 'vitest'
import { type CustomResourceDefinition, defineResource, type KubeObject, resources } from '../resources.ts'
import { startControlPlane } from '../testing/control-plane.ts'
import { mirrorDefined } from './defined.ts'

test('a resource that is defined later, taken away and defined again is followed', async () => {
  await using plane = await startControlPlane()
  const gadgets = defineResource<KubeObject & { x?: string }>({
    group: 'later.example.com',
    version: 'v1',
    plural: 'gadgets',
    kind: 'Gadget',
    namespaced: false,
  })
  const definition: CustomResourceDefinition = {
    metadata: { name: 'gadgets.later.example.com' },
    spec: {
      group: 'later.example.com',
      scope: 'Cluster',
      names: { plural: 'gadgets', kind: 'Gadget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { x: { type: 'string' } } } },
        },
      ],
    },
  }
  const stop = new AbortController()
  const store = new Store<string>({ name: 'gadgets' })
  const running = mirrorDefined({
    client: plane.client,
    resource: gadgets,
    store,
    trim: ({ x }) => x,
    signal: stop.signal,
    backoff: { minMs: 20, maxMs: 100 },
  })
  await running.ready()
  expect(store.size).toBe(0)
  const define = () => plane.client.create(resources.customResourceDefinitions, definition)
  const put = (x: string) =>
    plane.client.create(gadgets, { apiVersion: 'later.example.com/v1', kind: 'Gadget', metadata: { name: 'a' }, x })
  const served = (x: string) =>
    waitUntil(
      `gadget ${x}`,
      async () => {
        if (store.get('a') === x) return true
        await put(x).catch(() => undefined)
        return false
      },
      30_000,
    )
  await define()
  await served('first')
  await plane.client.delete(resources.customResourceDefinitions, { name: 'gadgets.later.example.com' })
  await waitUntil('no gadget', () => !store.has('a'), 30_000)
  await waitUntil(
    'no definition',
    () =>
      plane.client.get(resources.customResourceDefinitions, { name: 'gadgets.later.example.com' }).then(
        () => false,
        () => true,
      ),
    30_000,
  )
  await define()
  await served('second')
  stop.abort()
  await running.ended
}, 120_000)
