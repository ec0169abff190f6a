import { waitUntil } from '@ovnkit/testing'
import { expect, test } from 'vitest'
import { startHttpServer } from '../testing/http-server.ts'
import type { KubeRequest } from './request.ts'
import { Transport } from './transport.ts'

const request: KubeRequest = { method: 'GET', path: '/x' }
const open = (server: string, options = {}) => new Transport({ server, tls: {}, auth: {} }, 'test', options)
const never = new AbortController().signal

test.each([
  ['by its length', { 'content-length': '5' }],
  ['by chunks', { 'transfer-encoding': 'chunked' }],
])('an answer that is cut off, delimited %s, is not taken for a whole one', async (_how, headers) => {
  await using server = await startHttpServer((_request, response) => {
    response.writeHead(200, headers).write('abc', () => response.destroy())
  })
  const transport = open(server.url)
  await expect(transport.call(request, never)).rejects.toMatchObject({ code: 'lost', sent: true })
  transport.close()
})

test('what the sink throws ends the call and costs its connection', async () => {
  await using server = await startHttpServer((_request, response) => response.end('abc'))
  const transport = open(server.url)
  const body = () => {
    throw new Error('unreadable')
  }
  await expect(transport.stream(request, never, { head: () => {}, body }, false)).rejects.toThrow('unreadable')
  expect(transport.connections).toEqual({ pooled: 0, dedicated: 0 })
  transport.close()
})

test('closing fails what runs and what waits, at once, and what comes later', async () => {
  await using server = await startHttpServer(() => {})
  const transport = open(server.url, { maxConnections: 1 })
  const calls = [transport.call(request, never), transport.call(request, never)]
  await waitUntil('the first request', () => server.requests.length === 1)
  transport.close()
  const rejected = (sent: boolean) => ({ status: 'rejected', reason: { message: 'the client was closed', sent } })
  const outcomes = await Promise.allSettled([...calls, transport.call(request, never)])
  expect(outcomes).toMatchObject([rejected(true), rejected(false), rejected(false)])
  expect(transport.connections).toEqual({ pooled: 0, dedicated: 0 })
})

test('idle connections are closed after their time', async () => {
  await using server = await startHttpServer((_request, response) => response.end('{}'))
  const transport = open(server.url, { idleMs: 30 })
  await transport.call(request, never)
  await waitUntil('the connection to be closed', () => transport.connections.pooled === 0)
  transport.close()
})

test('a certificate file that cannot be read fails every call with a text, the waiting ones too', async () => {
  const config = { server: 'https://127.0.0.1:1', tls: { ca: { file: '/nowhere/ca.crt' } }, auth: {} }
  const transport = new Transport(config, 'test', { maxConnections: 1 })
  const calls = [1, 2, 3].map(() => transport.call(request, never))
  const rejected = { status: 'rejected', reason: expect.objectContaining({ name: 'KubeConfigError' }) }
  expect(await Promise.allSettled(calls)).toMatchObject([rejected, rejected, rejected])
  transport.close()
})
