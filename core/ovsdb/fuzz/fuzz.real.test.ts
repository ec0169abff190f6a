import { type FaultyLine, startFaultyLine, waitUntil } from '@ovnkit/testing'
import { describe, expect, it } from 'vitest'
import { type Database, element, mapKey, openDatabase } from '../index.ts'
import { type FactsTables, facts, factsFile } from '../testing/facts.ts'
import { startOvsdbServer, type TestServer } from '../testing.ts'
import { BatchFollower, plainReplica, plainServer } from './oracle.ts'
import { Random } from './random.ts'
import { FuzzWriter } from './writer.ts'

/** `OVNKIT_FUZZ=<rounds>[,<seed>]` runs longer, or a failing seed again. */
const [rounds, seed = Math.trunc(Date.now() % 1e6)] = (process.env.OVNKIT_FUZZ ?? '')
  .split(',')
  .filter(text => text)
  .map(Number)

const backoff = { min: 10, max: 50 }
const tables = {
  Item: {
    indexes: {
      byName: ['name'],
      byNameAndNumber: ['name', 'num'],
      byKey: [mapKey('attrs', 'w1')],
      byTag: [element('tags')],
      byPeer: [element('peers')],
    },
  },
  Child: {},
  Peer: { indexes: { byName: ['name'] } },
} as const
const lazy = {
  Item: { lazy: true },
  Child: { lazy: true },
  Peer: { lazy: true, indexes: { byName: ['name'] } },
} as const

interface Faults {
  readonly server: TestServer
  readonly proxies: readonly FaultyLine[]
  readonly random: Random
}

/** Something that goes wrong; back in order when it resolves. */
async function fault({ server, proxies, random }: Faults): Promise<void> {
  const proxy = random.pick(proxies)
  if (random.chance(60)) {
    proxy?.breakDown()
    proxy?.mend()
  } else if (server.members.length === 1) await server.restart()
  else if (random.chance(50)) await server.transferLeader()
  else await server.restart(random.below(server.members.length))
}

async function fuzz(model: 'standalone' | 'raft', count: number): Promise<void> {
  const random = new Random(seed)
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startOvsdbServer({ schema: factsFile, model }))
  const proxies = await Promise.all(server.members.map(member => startFaultyLine(member.remote)))
  for (const proxy of proxies) stack.use(proxy)
  const remotes = proxies.map(proxy => proxy.remote)
  const writer = stack.use(openDatabase(facts, { remotes: server.remote, tables: {}, backoff }))
  const eager = stack.use(openDatabase(facts, { remotes, tables, backoff }))
  const other = stack.use(openDatabase(facts, { remotes, tables: lazy, backoff, leaderOnly: false }))
  const follower = new BatchFollower()
  eager.onBatch(batch => follower.follow(batch))
  await Promise.all([writer.ready(), eager.ready(), other.ready()])
  const fuzzer = new FuzzWriter(writer, random)
  for (let round = 0; round < count; round++) {
    const faulty = random.chance(25) ? fault({ server, proxies, random }) : undefined
    for (let i = 0; i < 6; i++) await fuzzer.write()
    await faulty
    await waitUntil(`seed ${seed}, round ${round}: replicas equal the server`, async () => {
      const truth = await plainServer(writer)
      expect(plainReplica(eager)).toEqual(truth)
      expect(plainReplica(other)).toEqual(truth)
      return true
    })
    expect(follower.mistakes).toEqual([])
    expect(follower.tables).toEqual(plainReplica(eager))
    checkIndexes(eager)
  }
  expect(eager.stats.inconsistent + other.stats.inconsistent).toBe(0)
}

/** Every index finds exactly what a scan finds. */
function checkIndexes(db: Database<FactsTables>): void {
  const items = db.table('Item')
  for (const row of items.rows()) {
    expect(items.all('byName', row.name)).toContain(row)
    for (const tag of row.tags) expect(items.all('byTag', tag)).toContain(row)
    for (const peer of row.peers) expect(items.all('byPeer', peer)).toContain(row)
    const key = row.attrs.get('w1')
    if (key !== undefined) expect(items.all('byKey', key)).toContain(row)
    if (row.num !== undefined) expect(items.all('byNameAndNumber', row.name, row.num)).toContain(row)
  }
  for (let i = 0; i < 60; i++) {
    const word = `w${i}`
    expect(items.all('byName', word).length).toBe([...items.rows()].filter(row => row.name === word).length)
    expect(items.all('byTag', word).length).toBe([...items.rows()].filter(row => row.tags.has(word)).length)
    expect(items.all('byKey', word).length).toBe([...items.rows()].filter(row => row.attrs.get('w1') === word).length)
  }
}

describe('the replica equals the server while connections are cut', () => {
  it('and a standalone server restarts', { timeout: 600_000 }, () => fuzz('standalone', rounds ?? 40))
  it('and leaders of a cluster move', { timeout: 600_000 }, () => fuzz('raft', rounds ?? 15))
})
