import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { factsSchema, TestClient } from '../testing/clients.ts'
import { startOvsdbServer, type TestServer } from '../testing.ts'

let server: TestServer
let first: TestClient
let second: TestClient
beforeAll(async () => {
  server = await startOvsdbServer({ schema: factsSchema })
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => {
  first = new TestClient(server.remote)
  second = new TestClient(server.remote)
})
afterEach(() => {
  first[Symbol.dispose]()
  second[Symbol.dispose]()
})

const granted = { locked: true }
const queued = { locked: false }

describe('locks', () => {
  test('the first gets it, the second is queued and told when it is its turn', async () => {
    expect(await first.call('lock', 'a')).toEqual(granted)
    expect(await second.call('lock', 'a')).toEqual(queued)
    expect(await first.call('unlock', 'a')).toEqual({})
    expect(await second.notified(0, /^locked$/)).toEqual(['a'])
  })

  test('a disconnect releases it', async () => {
    await first.call('lock', 'a')
    await second.call('lock', 'a')
    first[Symbol.dispose]()
    expect(await second.notified(0, /^locked$/)).toEqual(['a'])
  })

  test('a thief gets it always; the victim is told, stays queued, and gets it back', async () => {
    await first.call('lock', 'a')
    expect(await second.call('steal', 'a')).toEqual(granted)
    expect(await first.notified(0, /^stolen$/)).toEqual(['a'])
    await second.call('unlock', 'a')
    expect(await first.notified(0, /^locked$/)).toEqual(['a'])
  })

  test('asking twice without unlock is an error', async () => {
    await first.call('lock', 'a')
    await expect(first.call('lock', 'a')).rejects.toMatchObject({ code: 'syntax error' })
  })

  test('names are identifiers', async () => {
    await expect(first.call('lock', 'not an id')).rejects.toMatchObject({ code: 'syntax error' })
  })

  test('assert succeeds for the owner only', async () => {
    await first.call('lock', 'a')
    await second.call('lock', 'a')
    expect(await first.transact({ op: 'assert', lock: 'a' })).toEqual([{}])
    expect(await second.transact({ op: 'assert', lock: 'a' })).toEqual([
      expect.objectContaining({ error: 'not owner' }),
    ])
  })
})
