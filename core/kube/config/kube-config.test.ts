import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { FileCache } from './file-cache.ts'
import { inClusterConfig } from './in-cluster.ts'
import { loadKubeConfig } from './kube-config.ts'

const root = mkdtempSync(join(tmpdir(), 'ovnkit-kubeconfig-'))
const folder = () => mkdtempSync(join(root, 'x'))
afterAll(() => rmSync(root, { recursive: true }))

function write(user: string, cluster = 'server: https://10.0.0.1:6443'): string {
  const path = join(folder(), 'config')
  const lists = `clusters: [{name: c, cluster: {${cluster}}}]\nusers: [{name: u, user: {${user}}}]\n`
  const contexts =
    'contexts: [{name: one, context: {cluster: c, user: u, namespace: n}}, {name: two, context: {cluster: x, user: u}}]\n'
  writeFileSync(path, `apiVersion: v1\nkind: Config\ncurrent-context: one\n${lists}${contexts}`)
  return path
}

const load = (path: string, more = {}) => loadKubeConfig({ env: { KUBECONFIG: path }, ...more })

test('files are relative to the kubeconfig, inline data wins, the namespace comes along', async () => {
  const path = write(
    'client-certificate: pki/a.crt, client-key: pki/a.key, client-certificate-data: Q0VSVA==',
    'server: "https://10.0.0.1:6443/", certificate-authority: /etc/ca.crt, tls-server-name: api.example.com',
  )
  const config = await load(path)
  expect(config).toEqual({
    server: 'https://10.0.0.1:6443',
    tls: { ca: { file: '/etc/ca.crt' }, serverName: 'api.example.com' },
    auth: { cert: { data: Buffer.from('CERT') }, key: { file: join(path, '..', 'pki/a.key') } },
    namespace: 'n',
  })
})

test('token, token file, basic', async () => {
  expect((await load(write('token: abc'))).auth).toEqual({ token: { data: Buffer.from('abc') } })
  expect((await load(write('token: abc, tokenFile: /t'))).auth).toEqual({ token: { file: '/t' } })
  expect((await load(write('username: u, password: p'))).auth).toEqual({ basic: { username: 'u', password: 'p' } })
})

test('the server can be replaced', async () => {
  expect((await load(write('token: abc'), { server: 'https://192.0.2.1:6443' })).server).toBe('https://192.0.2.1:6443')
})

test.each([
  ['exec plugins', 'exec: {command: aws}', undefined, /authenticates by "exec".*not supported.*token/],
  ['auth providers', 'auth-provider: {name: gcp}', undefined, /auth-provider/],
  ['a certificate without key', 'client-certificate: a', undefined, /client-key together/],
  ['a proxy', 'token: a', 'server: "https://a", proxy-url: "http://p"', /proxy-url/],
  ['a server that is none', 'token: a', 'server: "10.0.0.1:6443"', /must be like https/],
  ['a server with a path', 'token: a', 'server: "https://a/k8s/clusters/c1"', /no path/],
  ['a cluster without server', 'token: a', 'insecure-skip-tls-verify: true', /lacks "server"/],
])('%s: the error names the file and the remedy', async (_what, user, cluster, message) => {
  const path = write(user, cluster)
  await expect(load(path)).rejects.toThrow(message)
  await expect(load(path)).rejects.toThrow(
    message.source.startsWith('must') || message.source.startsWith('no path') ? message : path,
  )
})

test('an unknown context, a missing file, several files, no YAML', async () => {
  await expect(load(write('token: a'), { context: 'three' })).rejects.toThrow('has no entry named "three" in contexts')
  await expect(load(write('token: a'), { context: 'two' })).rejects.toThrow('has no entry named "x" in clusters')
  await expect(load('/does/not/exist')).rejects.toThrow('cannot read the kubeconfig /does/not/exist')
  await expect(load('/a:/b')).rejects.toThrow('name one file')
  const broken = join(folder(), 'broken')
  writeFileSync(broken, '{a: [}')
  await expect(load(broken)).rejects.toThrow('neither YAML nor JSON')
})

test('nothing at all: the error says what was looked for', async () => {
  await expect(loadKubeConfig({ env: { HOME: '/nonexistent' }, inCluster: false })).rejects.toThrow(
    /KUBECONFIG.*service account/,
  )
})

test('in a pod: address from the environment, token and authority as files', () => {
  const account = folder()
  for (const name of ['token', 'ca.crt', 'namespace']) writeFileSync(join(account, name), `${name}\n`)
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }
  expect(inClusterConfig(env, account)).toEqual({
    server: 'https://[fd00::1]:6443',
    tls: { ca: { file: join(account, 'ca.crt') } },
    auth: { token: { file: join(account, 'token') } },
    namespace: 'namespace',
  })
  expect(() => inClusterConfig({}, account)).toThrow('does not run in a pod')
  expect(() => inClusterConfig(env, '/nonexistent')).toThrow('automountServiceAccountToken')
})

test('a file is looked at again after its age, or when asked; unreadable moments keep the old content', () => {
  const path = join(folder(), 'token')
  let now = 0
  const files = new FileCache(10_000, () => now)
  writeFileSync(path, 'one')
  expect(files.read(path).toString()).toBe('one')
  writeFileSync(path, 'second')
  expect(files.read(path).toString()).toBe('one')
  expect(files.read(path, true).toString()).toBe('second')
  writeFileSync(path, 'third!!')
  now = 10_001
  expect(files.read(path).toString()).toBe('third!!')
  writeFileSync(path, '')
  expect(files.read(path, true).toString()).toBe('third!!')
  const never = join(folder(), 'never')
  mkdirSync(never)
  expect(() => files.read(never)).toThrow(`cannot read ${never}`)
})
