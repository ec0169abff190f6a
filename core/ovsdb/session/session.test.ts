import { once } from 'node:events'
import { type Duplex, duplexPair } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type Message, parseMessage } from '../wire/envelope.ts'
import type { Json } from '../wire/json.ts'
import { DisconnectedError, RpcError, TimeoutError } from './errors.ts'
import { Session, type SessionHandler } from './session.ts'

interface Peer {
  readonly stream: Duplex
  /** The next message from the session. */
  next(): Promise<Message>
  send(...messages: object[]): void
}

interface Setup {
  readonly session: Session
  readonly peer: Peer
  /** What the handler was told. */
  readonly told: unknown[]
  readonly closed: Promise<Error>
}

function setup(handler: Partial<SessionHandler> = {}, highWaterMark = 1 << 20): Setup {
  const [stream, other] = duplexPair({ highWaterMark })
  const told: unknown[] = []
  const { promise: closed, resolve } = Promise.withResolvers<Error>()
  const session = new Session(stream, {
    notification: (method, params) => told.push([method, params]),
    closed: resolve,
    ...handler,
  })
  return { session, told, closed, peer: peerOn(other) }
}

function peerOn(stream: Duplex): Peer {
  const queue: Message[] = []
  let wake = Promise.withResolvers<void>()
  // The session's messages are cut by its own framer elsewhere; in these tests one write is one or more whole messages.
  stream.on('data', (chunk: Buffer) => {
    for (const text of chunk.toString().split(/(?<=\})(?=\{)/)) queue.push(parseMessage(text))
    wake.resolve()
    wake = Promise.withResolvers()
  })
  return {
    stream,
    async next() {
      while (queue.length === 0) await wake.promise
      const message = queue.shift()
      if (message === undefined) throw new Error('unreachable')
      return message
    },
    send: (...messages) => {
      stream.write(messages.map(message => JSON.stringify(message)).join(''))
    },
  }
}

function idOf(message: Message): Json {
  return message.kind === 'request' ? message.id : null
}

describe('calls', () => {
  test('are pipelined, and may be answered in any order', async () => {
    const { session, peer } = setup()
    const first = session.call('transact', ['db'])
    const second = session.call('get_schema', ['db'])
    const ids = [idOf(await peer.next()), idOf(await peer.next())]
    peer.send({ id: ids[1], result: 'second', error: null }, { id: ids[0], result: 'first', error: null })
    expect(await Promise.all([first, second])).toEqual(['first', 'second'])
  })

  test('reject with the error of the server, a string or an object', async () => {
    const { session, peer } = setup()
    const first = session.call('nonsense', [])
    const second = session.call('lock', [1])
    peer.send({ id: idOf(await peer.next()), error: 'unknown method' })
    peer.send({ id: idOf(await peer.next()), error: { error: 'syntax error', details: 'not an id', syntax: '1' } })
    const [a, b] = await Promise.allSettled([first, second])
    expect(a).toMatchObject({
      reason: { name: 'RpcError', code: 'unknown method', message: 'nonsense: unknown method' },
    })
    expect(b).toMatchObject({ reason: { code: 'syntax error', details: 'not an id', syntax: '1' } })
  })

  test('settle after everything that came before on the wire, onReply before everything later', async () => {
    const { session, peer, told } = setup()
    const call = session.call('transact', [], { onReply: result => told.push(['reply', result]) })
    const id = idOf(await peer.next())
    peer.send(
      { id: null, method: 'update2', params: [1] },
      { id, result: 0, error: null },
      { id: null, method: 'update2', params: [2] },
    )
    await call
    expect(told).toEqual([
      ['update2', [1]],
      ['reply', 0],
      ['update2', [2]],
    ])
  })

  test('a value that cannot be sent rejects and leaves the session alone', async () => {
    const { session, peer } = setup()
    await expect(session.call('echo', ['\ud800'])).rejects.toMatchObject({ code: 'encode' })
    const call = session.call('echo', [])
    peer.send({ id: idOf(await peer.next()), result: [], error: null })
    expect(await call).toEqual([])
  })
})

describe('giving up', () => {
  test('an aborted transact settles at once and is cancelled; its late answer is ignored', async () => {
    const { session, peer } = setup()
    const abort = new AbortController()
    const call = session.call('transact', ['db'], { signal: abort.signal })
    const id = idOf(await peer.next())
    abort.abort(new Error('no longer wanted'))
    await expect(call).rejects.toThrow('no longer wanted')
    expect(await peer.next()).toEqual({ kind: 'notification', method: 'cancel', params: [id] })
    peer.send({ id, error: 'canceled' })
    const echo = session.call('echo', [])
    peer.send({ id: idOf(await peer.next()), result: [], error: null })
    expect(await echo).toEqual([])
  })

  test('a call whose signal is aborted already is not sent', async () => {
    const { session, peer } = setup()
    await expect(session.call('transact', [], { signal: AbortSignal.abort('no') })).rejects.toBe('no')
    void session.call('echo', []).catch(() => undefined)
    expect(await peer.next()).toMatchObject({ method: 'echo' })
  })

  test('a call aborted before it left is never sent', async () => {
    const { session, peer } = setup()
    const abort = new AbortController()
    const call = session.call('transact', [], { signal: abort.signal })
    abort.abort('no')
    await expect(call).rejects.toBe('no')
    void session.call('echo', []).catch(() => undefined)
    expect(await peer.next()).toMatchObject({ method: 'echo' })
  })

  test('a deadline rejects with TimeoutError, which tells whether the request had left', async () => {
    const { session, peer } = setup()
    const call = session.call('transact', [], { timeout: 5 })
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError', sent: true })
    expect(await peer.next()).toMatchObject({ method: 'transact' })
    expect(await peer.next()).toMatchObject({ method: 'cancel' })
    expect(await call.catch(error => error)).toBeInstanceOf(TimeoutError)
  })
})

describe('the end', () => {
  test('calls in flight reject as sent, calls afterwards as not sent', async () => {
    const { session, peer, closed } = setup()
    const call = session.call('transact', [])
    await peer.next()
    peer.stream.end()
    await expect(call).rejects.toMatchObject({ name: 'DisconnectedError', sent: true })
    expect((await closed).message).toBe('the server closed the connection')
    await expect(session.call('echo', [])).rejects.toMatchObject({ sent: false })
  })

  test('what the peer sent before it closed is handled first', async () => {
    const { session, peer, told } = setup()
    const call = session.call('convert', [])
    const id = idOf(await peer.next())
    peer.stream.end(`{"id":null,"method":"update2","params":[]}{"id":${id},"result":{},"error":null}`)
    expect(await call).toEqual({})
    expect(told).toEqual([['update2', []]])
  })

  test('requests that waited for a full socket reject as not sent', async () => {
    const { session, peer } = setup({}, 1000)
    peer.stream.pause()
    const first = session.call('transact', ['x'.repeat(100_000)])
    // The first one fills the stream; nothing after it leaves until the peer reads.
    await new Promise(resolve => setImmediate(resolve))
    const second = session.call('transact', ['y'])
    await new Promise(resolve => setImmediate(resolve))
    session.close(new Error('enough'))
    const [a, b] = await Promise.allSettled([first, second])
    expect(a).toMatchObject({ reason: expect.any(DisconnectedError) })
    expect(a).toMatchObject({ reason: { sent: true } })
    expect(b).toMatchObject({ reason: { sent: false } })
  })

  test('requests that waited for a full socket leave once it drains, in order', async () => {
    const { session, peer } = setup({}, 1000)
    peer.stream.pause()
    const calls = Array.from({ length: 50 }, (_, n) => session.call('echo', [n, 'x'.repeat(10_000)], { timeout: 0 }))
    await new Promise(resolve => setImmediate(resolve))
    let text = ''
    peer.stream.removeAllListeners('data')
    peer.stream.on('data', chunk => {
      text += chunk
    })
    peer.stream.resume()
    while (text.split('"method"').length <= 50) await once(peer.stream, 'data')
    expect([...text.matchAll(/"params":\[(\d+)/g)].map(match => Number(match[1]))).toEqual(calls.map((_, n) => n))
    session.close(new Error('done'))
    await Promise.allSettled(calls)
  })

  test.each([
    ['a reply to a request never made', { id: 99, result: 1, error: null }],
    ['a foreign member', { id: 1, result: 1, jsonrpc: '2.0' }],
  ])('%s ends the session', async (_what, message) => {
    const { peer, closed } = setup()
    peer.send(message)
    expect(await closed).toMatchObject({ code: 'protocol' })
  })

  test('an error thrown by the handler ends the session with it', async () => {
    const failure = new Error('handler')
    const { peer, closed } = setup({
      notification: () => {
        throw failure
      },
    })
    peer.send({ id: null, method: 'update2', params: [] })
    expect(await closed).toBe(failure)
  })

  test('an error thrown by onReply rejects the call, too', async () => {
    const { session, peer, closed } = setup()
    const failure = new Error('reply')
    const call = session.call('monitor', [], {
      onReply: () => {
        throw failure
      },
    })
    peer.send({ id: idOf(await peer.next()), result: {}, error: null })
    await expect(call).rejects.toBe(failure)
    expect(await closed).toBe(failure)
  })
})

test('a stream that broke before the session began ends it, too', async () => {
  const [stream] = duplexPair()
  stream.on('error', () => undefined)
  stream.destroy(new Error('refused'))
  await new Promise<void>(resolve => stream.once('close', () => resolve()))
  const { promise: closed, resolve } = Promise.withResolvers<Error>()
  const session = new Session(stream, { notification: () => undefined, closed: resolve })
  const call = session.call('echo', [])
  expect((await closed).message).toBe('refused')
  await expect(call).rejects.toMatchObject({ name: 'DisconnectedError' })
})

describe('the peer', () => {
  test('gets its echo answered', async () => {
    const { peer } = setup()
    peer.send({ id: 'echo', method: 'echo', params: [1, 'a'] })
    expect(await peer.next()).toEqual({ kind: 'reply', id: 'echo', result: [1, 'a'] })
  })

  test('gets an error for other requests', async () => {
    const { peer } = setup()
    peer.send({ id: 5, method: 'transact', params: [] })
    expect(await peer.next()).toEqual({ kind: 'error', id: 5, error: 'unknown method' })
  })
})

describe('a held session', () => {
  test('looks at nothing later until the promise settles, then goes on in order', async () => {
    const gate = Promise.withResolvers<void>()
    const seen: unknown[] = []
    const { session, peer } = setup({
      notification: (_method, params) => {
        seen.push(params[0])
        if (params[0] === 1) session.hold(gate.promise)
      },
    })
    const call = session.call('transact', [])
    const id = idOf(await peer.next())
    peer.send({ id: null, method: 'u', params: [1] }, { id: null, method: 'u', params: [2] }, { id, result: 0 })
    await new Promise(resolve => setImmediate(resolve))
    expect(seen).toEqual([1])
    expect(session.busy).toBe(true)
    gate.resolve()
    await call
    expect(seen).toEqual([1, 2])
  })

  test('ends with the error of the promise', async () => {
    const failure = new Error('inconsistent')
    const { session, peer, closed } = setup({ notification: () => session.hold(Promise.reject(failure)) })
    peer.send({ id: null, method: 'u', params: [] })
    expect(await closed).toBe(failure)
  })
})

describe('a big update', () => {
  test('leaves the event loop to others while its rows are handled', async () => {
    const rows = Object.fromEntries(
      Array.from({ length: 3000 }, (_, n) => [
        `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`,
        { initial: { name: 'x'.repeat(50) } },
      ]),
    )
    let handled = 0
    const seenByOthers: number[] = []
    const { session, peer } = setup({
      bulk: () => () => {
        handled++
        // Some 20 us of work per row, as decoding is.
        for (const end = performance.now() + 0.02; performance.now() < end; );
      },
    })
    const watch = setInterval(() => seenByOthers.push(handled), 1)
    const reply = Promise.withResolvers<void>()
    const call = session.call('monitor_cond', [], { onReply: () => reply.resolve() })
    peer.send({ id: idOf(await peer.next()), error: null, result: { T: rows } })
    await reply.promise
    clearInterval(watch)
    expect(await call).toBe(null)
    expect(handled).toBe(3000)
    expect(seenByOthers.filter(count => count > 0 && count < 3000).length).toBeGreaterThan(3)
  })
})

test('RpcError shows what there is', () => {
  const error = new RpcError('transact', { error: 'I/O error', details: 'disk', 'io-error': 'full' })
  expect(error).toMatchObject({
    code: 'I/O error',
    details: 'disk',
    ioError: 'full',
    message: 'transact: I/O error: disk',
  })
})
