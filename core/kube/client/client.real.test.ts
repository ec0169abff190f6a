import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadKubeConfig } from '../config/kube-config.ts'
import { type ConfigMap, defineResource, type KubeObject, resources } from '../resources.ts'
import { type ControlPlane, startControlPlane } from '../testing/control-plane.ts'
import { KubeClient } from './client.ts'
import { pointer } from './patch.ts'

interface ServiceAccount extends KubeObject {
  status?: { token?: string }
}

const accounts = defineResource<ServiceAccount>({
  group: '',
  version: 'v1',
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  namespaced: true,
})
const namespace = 'default'

let plane: ControlPlane
beforeAll(async () => {
  plane = await startControlPlane()
})
afterAll(() => plane.stop())

test('server-side apply creates, takes only its fields, removes what it no longer names, and reports conflicts', async () => {
  const apply = (data: Record<string, string>, fieldManager: string, force = false) =>
    plane.client.apply<ConfigMap>(
      resources.configMaps,
      { metadata: { namespace, name: 'applied' }, data },
      { fieldManager, force },
    )
  await apply({ ours: '1', old: '1' }, 'one')
  await apply({ theirs: '1' }, 'two')
  expect((await apply({ ours: '2' }, 'one')).data).toEqual({ ours: '2', theirs: '1' })
  await expect(apply({ ours: '3' }, 'two')).rejects.toMatchObject({ code: 'conflict', status: 409 })
  expect((await apply({ ours: '3', theirs: '1' }, 'two', true)).data).toEqual({ ours: '3', theirs: '1' })
})

test('a JSON patch whose test fails changes nothing', async () => {
  const name = { namespace, name: 'tested' }
  await plane.client.create<ConfigMap>(resources.configMaps, { metadata: { ...name, annotations: { 'a/b': '1' } } })
  const path = pointer('metadata', 'annotations', 'a/b')
  const patch = (expected: string, value: string) => [
    { op: 'test', path, value: expected } as const,
    { op: 'replace', path, value } as const,
  ]
  await plane.client.jsonPatch(resources.configMaps, name, patch('1', '2'))
  await expect(plane.client.jsonPatch(resources.configMaps, name, patch('1', '3'))).rejects.toMatchObject({
    code: 'invalid',
    status: 422,
  })
  expect((await plane.client.get(resources.configMaps, name)).metadata?.annotations).toEqual({ 'a/b': '2' })
})

test('preconditions: uid at delete and patch, resource version at replace, name at create', async () => {
  const name = { namespace, name: 'guarded' }
  const first = await plane.client.create<ConfigMap>(resources.configMaps, { metadata: name })
  await expect(plane.client.create(resources.configMaps, { metadata: name })).rejects.toMatchObject({
    code: 'alreadyExists',
  })
  await expect(plane.client.delete(resources.configMaps, name, { uid: 'another' })).rejects.toMatchObject({
    code: 'conflict',
  })
  const patch = { metadata: { uid: 'another', labels: { x: '1' } } }
  await expect(plane.client.mergePatch(resources.configMaps, name, patch)).rejects.toMatchObject({
    status: expect.toSatisfy(is409or422),
  })
  await plane.client.mergePatch(resources.configMaps, name, { data: { x: '1' } })
  await expect(plane.client.replace(resources.configMaps, first)).rejects.toMatchObject({ code: 'conflict' })
  await plane.client.delete(resources.configMaps, name, { uid: first.metadata?.uid ?? '' })
  await expect(plane.client.get(resources.configMaps, name)).rejects.toMatchObject({ code: 'notFound' })
})

test('the status subresource: metadata and spec stay as they are', async () => {
  const node = await plane.client.create(resources.nodes, { metadata: { name: 'status-node', labels: { a: '1' } } })
  const conditions = [{ type: 'NetworkUnavailable', status: 'False', reason: 'Up', message: 'fine' }]
  const uid = node.metadata?.uid ?? ''
  const after = await plane.client.patchStatus(resources.nodes, { name: 'status-node' }, { conditions }, { uid })
  expect(after.status?.conditions?.[0]).toMatchObject({ type: 'NetworkUnavailable', status: 'False' })
  expect(after.metadata?.labels).toEqual({ a: '1' })
})

test('a list larger than a page is whole', async () => {
  const names = Array.from({ length: 25 }, (_, i) => `paged-${i}`)
  await Promise.all(names.map(name => plane.client.create(resources.secrets, { metadata: { namespace, name } })))
  const { items, resourceVersion } = await plane.client.list(resources.secrets, { namespace, pageSize: 7 })
  expect(items.map(({ metadata }) => metadata?.name).sort()).toEqual(names.sort())
  expect(resourceVersion).toMatch(/^\d+$/)
})

test('a token file that is rotated: the next call uses the new token', async () => {
  await plane.client.create(accounts, { metadata: { namespace, name: 'rotated' } })
  const file = join(plane.folder, 'rotated.token')
  const kubeconfig = join(plane.folder, 'rotated.kubeconfig')
  const user = { tokenFile: 'rotated.token' }
  const cluster = { server: plane.server, 'certificate-authority': plane.ca }
  const lists = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  }
  await writeFile(kubeconfig, JSON.stringify({ 'current-context': 'x', ...lists }))
  await writeFile(file, 'a.revoked.token')
  using client = new KubeClient(await loadKubeConfig({ kubeconfig }))
  const version = () => client.request({ method: 'GET', path: '/version' })
  await expect(version()).rejects.toMatchObject({ code: 'unauthorized' })
  await writeFile(file, await tokenOf('rotated'))
  expect((await version()).status).toBe(200)
  await expect(client.list(resources.secrets)).rejects.toMatchObject({ code: 'forbidden' })
})

test('a client certificate that is renewed on disk is used by the next connection', async () => {
  const wrong = await plane.issue({ name: 'renewed', commonName: 'nobody' })
  const auth = { cert: { file: wrong.cert }, key: { file: wrong.key } }
  using client = new KubeClient({ ...plane.config, auth })
  await expect(client.list(resources.secrets)).rejects.toThrow('User "nobody" cannot list')
  await plane.issue({ name: 'renewed', commonName: 'somebody', organizations: ['system:masters'] })
  client.dropIdle()
  expect((await client.list(resources.secrets)).items.length).toBeGreaterThan(0)
})

test('a server that is not signed by our authority is refused, and not tried again', async () => {
  const stranger = await plane.issue({ name: 'stranger', commonName: 'x' })
  using client = new KubeClient({ ...plane.config, tls: { ca: { file: stranger.cert } } })
  await expect(client.list(resources.nodes)).rejects.toMatchObject({ code: 'tls', sent: false })
})

function is409or422(status: unknown): boolean {
  return status === 409 || status === 422
}

async function tokenOf(name: string): Promise<string> {
  const request: KubeObject = { metadata: { namespace, name } }
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`
  const body = { ...request, apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
  const response = await plane.client.request({ method: 'POST', path, body })
  const { status }: ServiceAccount = JSON.parse(response.body.toString())
  return status?.token ?? ''
}
