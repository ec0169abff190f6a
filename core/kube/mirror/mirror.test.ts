import type { ServerResponse } from 'node:http'
import { Store } from '@ovnkit/reconcile'
import { waitUntil } from '@ovnkit/testing'
import { expect, test } from 'vitest'
import { KubeClient } from '../client/client.ts'
import { type ConfigMap, resources } from '../resources.ts'
import { startHttpServer } from '../testing/http-server.ts'
import { mirror } from './mirror.ts'

type Answer = (response: ServerResponse) => unknown

const item = (name: string, version: string, x: string) => ({
  metadata: { name, resourceVersion: version },
  data: { x },
})
const list =
  (version: string, items: object[], next = ''): Answer =>
  response =>
    response.end(
      JSON.stringify({ kind: 'ConfigMapList', metadata: { resourceVersion: version, continue: next }, items }),
    )
const expired = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }
const gone: Answer = response => response.writeHead(410).end(JSON.stringify(expired))
const lines =
  (...events: object[]): Answer =>
  response =>
    response.write(events.map(event => `${JSON.stringify(event)}\n`).join(''))
const nothing: Answer = response => response.flushHeaders()

/** Answers in that order; what comes after them is left open. */
async function follow(...answers: Answer[]) {
  const server = await startHttpServer((_request, response) => (answers.shift() ?? nothing)(response))
  const client = new KubeClient({ server: server.url, tls: {}, auth: {} })
  const stop = new AbortController()
  const store = new Store<string>({ name: 'maps' })
  const changes: string[] = []
  store.subscribe((key, value) => changes.push(`${key}=${value ?? ''}`))
  const trim = (map: ConfigMap) => {
    if (map.data?.x === 'bad') throw new Error('cannot be read')
    return map.data?.x === 'skip' ? undefined : map.data?.x
  }
  const backoff = { minMs: 5, maxMs: 20 }
  const running = mirror({ client, resource: resources.configMaps, store, trim, signal: stop.signal, backoff })
  const end = async () => {
    stop.abort()
    await running.ended
    client.close()
    await server[Symbol.asyncDispose]()
  }
  const query = (i: number) => new URLSearchParams(server.requests[i]?.split('?')[1])
  return { mirror: running, store, changes, requests: server.requests, query, [Symbol.asyncDispose]: end }
}

test('410 as an ERROR event: listed again, values that did not change keep quiet', async () => {
  await using m = await follow(
    list('5', [item('a', '1', 'a'), item('b', '2', 'b')]),
    lines({ type: 'ERROR', object: expired }),
    list('9', [item('a', '1', 'a'), item('c', '8', 'c')]),
    nothing,
  )
  await waitUntil('the second watch', () => m.requests.length === 4 && m.mirror.healthy)
  expect(m.changes).toEqual(['a=a', 'b=b', 'b=', 'c=c'])
  expect(m.query(3).get('resourceVersion')).toBe('9')
})

test('410 as an HTTP status of the watch, and of a continued list: begun again', async () => {
  await using m = await follow(
    list('5', []),
    gone,
    list('6', [item('a', '1', 'a')], 'token'),
    gone,
    list('7', [item('b', '2', 'b')]),
    nothing,
  )
  await waitUntil('the watch', () => m.mirror.healthy)
  expect(m.query(3).get('continue')).toBe('token')
  expect(m.query(4).has('continue')).toBe(false)
  expect(m.changes).toEqual(['b=b'])
})

test('events and bookmarks move the position that a broken watch resumes from', async () => {
  const version = (resourceVersion: string) => ({ type: 'BOOKMARK', object: { metadata: { resourceVersion } } })
  await using m = await follow(
    list('5', []),
    response => {
      lines({ type: 'ADDED', object: item('a', '6', 'a') }, version('8'))(response)
      setImmediate(() => response.destroy())
    },
    nothing,
  )
  await waitUntil('the second watch', () => m.requests.length === 3)
  expect(m.query(2).get('resourceVersion')).toBe('8')
  expect(m.mirror.stats.bookmarks).toBe(1)
  expect(m.mirror.version('a')).toBe('6')
})

test('a server that ends every watch at once is not asked in a tight loop', async () => {
  const close: Answer = response => response.end()
  await using m = await follow(list('5', []), close, close, close, nothing)
  await waitUntil('three failures', () => m.mirror.stats.failures === 3)
  expect(m.mirror.stats.lists).toBe(1)
})

test('an object that trim throws on is left out, one that it refuses is removed, the others go on', async () => {
  await using m = await follow(
    list('5', [item('a', '1', 'a'), item('bad', '2', 'bad')]),
    lines(
      { type: 'MODIFIED', object: item('a', '6', 'skip') },
      { type: 'ADDED', object: item('worse', '7', 'bad') },
      { type: 'ADDED', object: item('c', '8', 'c') },
    ),
  )
  await waitUntil('the last event', () => m.store.has('c'))
  expect([...m.store.keys()]).toEqual(['c'])
})

test('before the first list it is neither synced nor healthy, and says why', async () => {
  const refuse: Answer = response =>
    response.writeHead(403).end(JSON.stringify({ kind: 'Status', code: 403, reason: 'Forbidden', message: 'no' }))
  const granted = Promise.withResolvers<void>()
  await using m = await follow(refuse, response => granted.promise.then(() => list('5', [])(response)), nothing)
  await waitUntil('the refusal', () => m.mirror.problem?.includes('Forbidden'))
  expect(m.mirror).toMatchObject({ synced: false, healthy: false })
  expect(m.mirror.problem).toContain('configmaps: not listed yet')
  granted.resolve()
  await m.mirror.ready()
  await waitUntil('health', () => m.mirror.healthy)
})
