import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@ovnkit/testing'
import { expect, onTestFinished, test } from 'vitest'
import { resources } from '../resources.ts'
import { bodyOf, startHttpServer } from '../testing/http-server.ts'
import { KubeClient } from './client.ts'
import { ApiError, isApiError, TransportError } from './errors.ts'

const POD = { namespace: 'default', name: 'p' }
const open = (server: string, options = {}) => new KubeClient({ server, tls: {}, auth: {} }, options)
const refusal = (code: number, reason: string, message = 'no') =>
  JSON.stringify({ kind: 'Status', status: 'Failure', code, reason, message })

test('requests carry type, field manager and body; the answer comes back typed', async () => {
  const seen: unknown[] = []
  await using server = await startHttpServer(async (request, response) => {
    seen.push([request.method, request.url, request.headers['content-type'], await bodyOf(request)])
    response.end('{"metadata":{"name":"p","resourceVersion":"5"}}')
  })
  using client = open(server.url)
  const pod = await client.mergePatch(
    resources.pods,
    POD,
    { metadata: { labels: { ä: '1' } } },
    { fieldManager: 'me', subresource: 'status' },
  )
  expect(pod.metadata?.resourceVersion).toBe('5')
  expect(seen).toEqual([
    [
      'PATCH',
      '/api/v1/namespaces/default/pods/p/status?fieldManager=me',
      'application/merge-patch+json',
      '{"metadata":{"labels":{"ä":"1"}}}',
    ],
  ])
})

test('429 and 503 with Retry-After are tried again, and only then', async () => {
  const answers = [
    () => ({ status: 429, headers: { 'retry-after': '0' } }),
    () => ({ status: 503, headers: { 'retry-after': '0' } }),
    () => ({ status: 200, headers: {} }),
  ]
  await using server = await startHttpServer((_request, response) => {
    const { status, headers } = answers.shift()?.() ?? { status: 500, headers: {} }
    response.writeHead(status, headers).end('{}')
  })
  using client = open(server.url)
  await client.create(resources.pods, { metadata: POD })
  expect(server.requests.length).toBe(3)
  await expect(client.create(resources.pods, { metadata: POD })).rejects.toThrow(ApiError)
  expect(server.requests.length).toBe(4)
})

test('a refusal becomes an ApiError with code, reason, status, what was asked and what to do', async () => {
  await using server = await startHttpServer((_request, response) => {
    response.writeHead(403).end(refusal(403, 'Forbidden', 'pods "p" is forbidden'))
  })
  using client = open(server.url)
  const error = await client.get(resources.pods, POD).catch((reason: unknown) => reason)
  expect(isApiError(error, 'forbidden')).toBe(true)
  expect(error).toMatchObject({ status: 403, reason: 'Forbidden' })
  expect(String(error)).toContain('GET /api/v1/namespaces/default/pods/p: 403 Forbidden: pods "p" is forbidden (grant')
})

test.each([
  [409, 'AlreadyExists', 'alreadyExists'],
  [409, 'Conflict', 'conflict'],
  [404, 'NotFound', 'notFound'],
  [410, 'Expired', 'gone'],
  [422, 'Invalid', 'invalid'],
])('%i %s is code %s', (status, reason, code) => {
  expect(new ApiError('X', status, JSON.parse(refusal(status, reason))).code).toBe(code)
})

test('a page of a proxy instead of a Status is told as it is', async () => {
  await using server = await startHttpServer((_request, response) => response.writeHead(500).end('<html>'))
  using client = open(server.url)
  await expect(client.get(resources.pods, POD)).rejects.toThrow(/500 serverError: HTTP 500/)
})

test('connections are kept and shared: 100 calls over at most 4', async () => {
  const sockets = new Set<unknown>()
  await using server = await startHttpServer((request, response) => {
    sockets.add(request.socket)
    response.end('{}')
  })
  using client = open(server.url, { maxConnections: 4 })
  await Promise.all(Array.from({ length: 100 }, () => client.get(resources.pods, POD)))
  expect(server.requests.length).toBe(100)
  expect(sockets.size).toBeLessThanOrEqual(4)
  expect(client.connections).toEqual({ pooled: sockets.size, dedicated: 0 })
})

test('a GET or PATCH whose connection breaks is sent again; a POST and a JSON patch are not', async () => {
  let left = 2
  await using server = await startHttpServer((request, response) => {
    if (left-- > 0) request.socket.destroy()
    else response.end('{}')
  })
  using client = open(server.url)
  await client.mergePatch(resources.pods, POD, {})
  expect(server.requests.length).toBe(3)
  left = 1
  await expect(client.create(resources.pods, { metadata: POD })).rejects.toMatchObject({ code: 'lost', sent: true })
  left = 1
  await expect(client.jsonPatch(resources.pods, POD, [])).rejects.toMatchObject({ code: 'lost', sent: true })
})

test('a server that is down: not sent, tried until the deadline', async () => {
  using client = open(`http://127.0.0.1:${await freePort()}`)
  const error = await client
    .create(resources.pods, { metadata: POD }, { timeoutMs: 400 })
    .catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(TransportError)
  expect(error).toMatchObject({ code: 'connect', sent: false })
  expect(String(error)).toMatch(/POST http:\/\/127.0.0.1:\d+\/api\/v1.*ECONNREFUSED/)
})

test('a server that accepts and says nothing: the deadline ends it', async () => {
  await using server = await startHttpServer(() => {})
  using client = open(server.url)
  await expect(client.get(resources.pods, POD, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' })
  expect(client.connections.pooled).toBe(0)
})

test('an aborted call rejects with the reason, waiting or running, and frees its place', async () => {
  await using server = await startHttpServer((request, response) => {
    if (!request.url?.endsWith('/slow')) response.end('{}')
  })
  using client = open(server.url, { maxConnections: 1 })
  const stop = new AbortController()
  const calls = ['slow', 'slow'].map(name => client.get(resources.pods, { ...POD, name }, { signal: stop.signal }))
  const fine = client.get(resources.pods, POD)
  stop.abort(new Error('enough'))
  for (const call of calls) await expect(call).rejects.toThrow('enough')
  await fine
})

test('something that is no HTTP server is named as such', async () => {
  const server = createServer(socket => socket.end('SSH-2.0-x\r\n\r\n'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  using client = open(`http://127.0.0.1:${port}`)
  await expect(client.get(resources.pods, POD)).rejects.toThrow(
    /expected an HTTP\/1.1 response.*Check that the server address/,
  )
  server.close()
})

test('a token that was replaced is read again after a 401, within the same call', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ovnkit-token-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'token')
  writeFileSync(file, 'old\n')
  let accepted = 'Bearer old'
  await using server = await startHttpServer((request, response) => {
    response.writeHead(request.headers.authorization === accepted ? 200 : 401).end('{}')
  })
  using client = new KubeClient({ server: server.url, tls: {}, auth: { token: { file } } })
  await client.get(resources.pods, POD)
  writeFileSync(file, 'newer\n')
  accepted = 'Bearer newer'
  await client.get(resources.pods, POD)
  accepted = 'Bearer none'
  await expect(client.get(resources.pods, POD)).rejects.toMatchObject({ code: 'unauthorized' })
})

test('a watch that ends while calls are waiting does not open more connections than allowed', async () => {
  const sockets = new Set<unknown>()
  await using server = await startHttpServer((request, response) => {
    if (request.url === '/watch') response.end('x')
    else {
      sockets.add(request.socket)
      setImmediate(() => response.end('{}'))
    }
  })
  using client = open(server.url, { maxConnections: 1 })
  const calls = Array.from({ length: 5 }, () => client.get(resources.pods, POD))
  const { signal } = new AbortController()
  const sink = { head: () => {}, body: () => {} }
  await client.stream({ method: 'GET', path: '/watch' }, signal, sink, true)
  await Promise.all(calls)
  expect(sockets.size).toBe(1)
})
