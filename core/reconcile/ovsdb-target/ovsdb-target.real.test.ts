import {
  insert,
  mutate,
  type Operation,
  randomUuid,
  remove,
  removeFromSet,
  setKeys,
  update,
  uuidFor,
} from '@ovnkit/ovsdb'
import { run, startOvsdbServer, type TestServer } from '@ovnkit/ovsdb/testing'
import { waitUntil } from '@ovnkit/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Northbound, newSources, openNorthbound, SCHEMA } from './northbound.fixture.ts'

let stack: AsyncDisposableStack
let server: TestServer
let world: Northbound

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  server = stack.use(await startOvsdbServer({ schema: SCHEMA }))
  const db = stack.use(await openNorthbound(server.remote))
  world = new Northbound(db, newSources())
  stack.defer(() => world.engine[Symbol.dispose]())
})

afterEach(() => stack.disposeAsync())

async function started(): Promise<Northbound> {
  world.sources.nets.set('a', '10.0.0.0/24')
  world.sources.groups.set('g', 'g')
  world.engine.start()
  await world.engine.settled()
  return world
}

/** What somebody else does, on the same connection: an operation is an operation. */
async function disturb(...operations: Operation[]): Promise<void> {
  const outcome = await world.db.transact(operations)
  expect(outcome.status).toBe('committed')
}

const uuidOf = (table: string, key: string): string => uuidFor('test', `${table}/${key}`)
const status = (owner: string) => world.engine.status(owner)

describe('rows of ours', () => {
  test('carry our UUID and our marks, and hang in their parent', async () => {
    const { sources, engine } = await started()
    sources.pods.set('p', { net: 'a', address: '10.0.0.2', group: 'g' })
    await engine.settled()
    const uuid = uuidOf('Logical_Switch_Port', 'p')
    expect(world.row('Logical_Switch_Port', 'p')).toMatchObject({
      _uuid: uuid,
      addresses: ['10.0.0.2'],
      external_ids: [
        ['managed-by', 'test'],
        ['owner', 'pod/p'],
        ['pod', 'p'],
      ],
    })
    expect(world.row('Logical_Switch', 'a')).toMatchObject({ ports: [uuid] })
    expect(world.row('Port_Group', 'g')).toMatchObject({ ports: [uuid] })
    expect(world.row('Address_Set', 'g')).toMatchObject({ addresses: ['10.0.0.2'] })
    expect(engine.recompute()).toEqual([])
  })

  test('a thousand owners of one switch and one group travel in few transactions, their elements merged', async () => {
    const { sources, engine } = await started()
    world.transactions.length = 0
    for (let i = 0; i < 1000; i++)
      sources.pods.set(`p${i}`, { net: 'a', address: `10.0.${i >> 8}.${i & 255}`, group: 'g' })
    await engine.settled()
    const mutations = world.transactions.map(operations => operations.filter(({ op }) => op === 'mutate').length)
    expect(Math.max(...mutations)).toBe(3)
    expect(world.db.table('Logical_Switch_Port').size).toBe(1000)
    expect(engine.stats.operations).toBe(3 + 4 * 1000)
    expect(engine.recompute()).toEqual([])
  })

  test('a changed column is one operation, and unrendered columns stay', async () => {
    const { sources, engine } = await started()
    sources.pods.set('p', { net: 'a', address: '10.0.0.2' })
    await engine.settled()
    const uuid = uuidOf('Logical_Switch_Port', 'p')
    await disturb(
      update('Logical_Switch_Port', uuid, { tag_request: 7 }),
      mutate('Logical_Switch_Port', uuid, [setKeys('external_ids', { theirs: 'kept' })]),
    )
    await engine.settled()
    const before = { ...engine.stats }
    sources.pods.set('p', { net: 'a', address: '10.0.0.3' })
    await engine.settled()
    expect(engine.stats.operations - before.operations).toBe(1)
    expect(engine.stats.renders - before.renders).toBe(1)
    const row = world.row('Logical_Switch_Port', 'p')
    expect(row).toMatchObject({ addresses: ['10.0.0.3'], tag_request: 7 })
    expect(row?.external_ids).toContainEqual(['theirs', 'kept'])
  })

  test('in external_ids `undefined` takes a key away', async () => {
    const { sources, engine } = await started()
    sources.pods.set('p', { net: 'a', address: '10.0.0.2', ids: { old: '1' } })
    await engine.settled()
    sources.pods.set('p', { net: 'a', address: '10.0.0.2', ids: { old: undefined } })
    await engine.settled()
    expect(world.row('Logical_Switch_Port', 'p')?.external_ids).not.toContainEqual(['old', '1'])
  })

  test('a rendered map is ours as a whole: addresses of a balancer go, also those of an earlier life', async () => {
    const { sources, engine } = await started()
    sources.services.set('s', { '10.96.0.1:80': '10.0.0.2:80', '10.96.0.1:81': '10.0.0.2:81' })
    await engine.settled()
    engine[Symbol.dispose]()
    sources.services.set('s', { '10.96.0.1:80': '10.0.0.3:80' })
    world = world.another()
    world.engine.start()
    await world.engine.settled()
    expect(world.row('Load_Balancer', 's')).toMatchObject({ vips: [['10.96.0.1:80', '10.0.0.3:80']] })
  })

  test('a port moves from one switch to another, also when the move happens between two lives', async () => {
    const { sources, engine } = await started()
    sources.nets.set('b', 'x')
    sources.pods.set('p', { net: 'a', address: '10.0.0.2' })
    await engine.settled()
    sources.pods.set('p', { net: 'b', address: '10.0.0.2' })
    await engine.settled()
    expect([world.row('Logical_Switch', 'a')?.ports, world.row('Logical_Switch', 'b')?.ports]).toEqual([
      [],
      [uuidOf('Logical_Switch_Port', 'p')],
    ])
    engine[Symbol.dispose]()
    sources.pods.set('p', { net: 'a', address: '10.0.0.2' })
    world = world.another()
    world.engine.start()
    await world.engine.settled()
    expect(world.row('Logical_Switch', 'b')?.ports).toEqual([])
    expect(world.engine.recompute()).toEqual([])
  })
})

describe('what others do', () => {
  test('to rows of ours is repaired without a render', async () => {
    const { sources, engine } = await started()
    sources.pods.set('p', { net: 'a', address: '10.0.0.2', group: 'g' })
    await engine.settled()
    const before = world.dump()
    const { renders } = engine.stats
    const port = uuidOf('Logical_Switch_Port', 'p')
    const disturbances: Operation[][] = [
      [update('Logical_Switch_Port', port, { addresses: ['1.2.3.4'] })],
      [mutate('Logical_Switch', uuidOf('Logical_Switch', 'a'), [removeFromSet('ports', port)])],
      [mutate('Port_Group', uuidOf('Port_Group', 'g'), [removeFromSet('ports', port)])],
      [mutate('Address_Set', uuidOf('Address_Set', 'g'), [removeFromSet('addresses', '10.0.0.2')])],
      [remove('Port_Group', uuidOf('Port_Group', 'g'))],
      [remove('Logical_Switch', uuidOf('Logical_Switch', 'a'))],
      [mutate('Logical_Switch_Port', port, [setKeys('external_ids', { owner: 'pod/other' })])],
    ]
    for (const operations of disturbances) {
      await disturb(...operations)
      await engine.settled()
      expect(world.dump()).toEqual(before)
    }
    expect(engine.stats.renders).toBe(renders)
  })

  test('a database that was emptied is filled again', async () => {
    const { sources, engine } = await started()
    for (let i = 0; i < 50; i++) sources.pods.set(`p${i}`, { net: 'a', address: `10.0.0.${i}`, group: 'g' })
    await engine.settled()
    const before = world.dump()
    await disturb(
      ...['Logical_Switch', 'Port_Group', 'Address_Set'].flatMap(table =>
        [...world.db.table(table).uuids()].map(uuid => remove(table, uuid)),
      ),
    )
    await engine.settled()
    expect(world.dump()).toEqual(before)
  })

  test('a server that lost its file and comes back empty is filled again', async () => {
    const { sources, engine } = await started()
    for (let i = 0; i < 50; i++) sources.pods.set(`p${i}`, { net: 'a', address: `10.0.0.${i}`, group: 'g' })
    await engine.settled()
    const before = world.dump()
    const empty = stack.use(await startOvsdbServer({ schema: SCHEMA }))
    world.db.setRemotes(empty.remote)
    await server.kill()
    await waitUntil(
      'the new server has everything',
      () => world.db.connected && world.db.table('Logical_Switch_Port').size === 50,
    )
    await engine.settled()
    expect(world.dump()).toEqual(before)
    expect(engine.recompute()).toEqual([])
  })

  test('rows without our mark are neither changed nor removed; leftovers with it are', async () => {
    const theirs = { external_ids: { 'managed-by': 'them', owner: 'pod/p' } }
    const orphan = { external_ids: { 'managed-by': 'test', owner: 'pod/gone' } }
    const [foreign, old, port] = [uuidFor('x', '1'), uuidFor('x', '2'), uuidFor('x', '3')]
    await disturb(
      insert('Logical_Switch', foreign, { name: 'theirs', ports: [port], ...theirs }),
      insert('Logical_Switch_Port', port, { name: 'orphan', ...orphan }),
      insert('Logical_Switch', old, { name: 'old', ...orphan }),
    )
    await started()
    expect(world.row('Logical_Switch', 'theirs')).toMatchObject({ ports: [] })
    expect(world.row('Logical_Switch_Port', 'orphan')).toBeUndefined()
    expect(world.row('Logical_Switch', 'old')).toBeUndefined()
  })

  test('a copy of our mark on a row that the server or northd made is no mark', async () => {
    const { engine } = await started()
    const external_ids = { 'managed-by': 'test', owner: 'pod/gone' }
    await disturb(insert('Logical_Switch', randomUuid(), { name: 'copy', external_ids }))
    await disturb(insert('Logical_Switch', uuidFor('x', 'x'), { name: 'leftover', external_ids }))
    await engine.settled()
    expect(world.row('Logical_Switch', 'copy')).toBeDefined()
    expect(world.row('Logical_Switch', 'leftover')).toBeUndefined()
  })

  test('of a backup that was restored have other UUIDs: they give way to the right ones', async () => {
    world.engine[Symbol.dispose]()
    world = new Northbound(world.db, world.sources, { byMarkAlone: true })
    const { sources, engine } = await started()
    sources.pods.set('p', { net: 'a', address: '10.0.0.2', group: 'g' })
    await engine.settled()
    const before = world.dump()
    const backup = `${server.dir}/backup`
    await run('sh', ['-c', `ovsdb-client backup ${server.remote} >${backup}`])
    await run('sh', ['-c', `ovsdb-client restore ${server.remote} <${backup}`])
    await waitUntil('the rows are ours again', async () => {
      await engine.settled()
      return JSON.stringify(world.dump()) === JSON.stringify(before)
    })
  })

  test('members that nobody wants go from contributed sets, also after a restart', async () => {
    const { sources, engine } = await started()
    sources.pods.set('p', { net: 'a', address: '10.0.0.2', group: 'g' })
    sources.pods.set('q', { net: 'a', address: '10.0.0.3', group: 'g' })
    await engine.settled()
    engine[Symbol.dispose]()
    sources.pods.delete('p')
    world = world.another()
    world.engine.start()
    await world.engine.settled()
    expect(world.row('Address_Set', 'g')).toMatchObject({ addresses: ['10.0.0.3'] })
    expect(world.row('Port_Group', 'g')).toMatchObject({ ports: [uuidOf('Logical_Switch_Port', 'q')] })
  })
})

describe('rows of others', () => {
  const zstack = uuidFor('zstack', 'switch')
  const theirPort = uuidFor('zstack', 'port')
  const theirSwitch = (ports: string[]) => [
    insert('Logical_Switch', zstack, { name: 'zs', ports, external_ids: { their: 'note' } }),
    ...ports.map(port => insert('Logical_Switch_Port', port, { name: 'theirs' })),
  ]

  test('get our elements, and lose nothing but them', async () => {
    await disturb(...theirSwitch([theirPort]))
    const { sources, engine } = await started()
    sources.pods.set('p', { net: 'foreign:zs', address: '10.9.0.2' })
    await engine.settled()
    const ours = uuidOf('Logical_Switch_Port', 'p')
    expect(world.row('Logical_Switch', 'zs')).toMatchObject({ ports: [theirPort, ours].sort() })
    sources.pods.delete('p')
    await engine.settled()
    expect(world.row('Logical_Switch', 'zs')).toMatchObject({ ports: [theirPort], external_ids: [['their', 'note']] })
  })

  test('that are missing block their owner, and nobody else, until they appear, go and come again', async () => {
    const { sources, engine } = await started()
    sources.pods.set('p', { net: 'foreign:zs', address: '10.9.0.2' })
    sources.pods.set('q', { net: 'a', address: '10.0.0.2' })
    await engine.settled()
    expect(status('pod/q')).toMatchObject({ state: 'done' })
    expect(status('pod/p')).toMatchObject({
      state: 'wait',
      reason: 'Blocked',
      message: 'Logical_Switch_Port p: Logical_Switch "zs" (by byName) does not exist',
    })
    await disturb(...theirSwitch([]))
    await engine.settled()
    expect(status('pod/p')).toMatchObject({ state: 'done' })
    await disturb(remove('Logical_Switch', zstack))
    await engine.settled()
    expect(status('pod/p')).toMatchObject({ state: 'wait' })
    await disturb(...theirSwitch([]))
    await engine.settled()
    expect(world.row('Logical_Switch', 'zs')).toMatchObject({ ports: [uuidOf('Logical_Switch_Port', 'p')] })
  })

  test('that an element would refer to block it, instead of being dropped by the server without a word', async () => {
    const { sources, engine } = await started()
    sources.pods.set('p', { net: 'foreign:zs', address: '10.9.0.2', group: 'g' })
    await engine.settled()
    expect(world.row('Port_Group', 'g')).toMatchObject({ ports: [] })
    expect(engine.recompute()).toEqual([])
    await disturb(...theirSwitch([]))
    await engine.settled()
    expect(world.row('Port_Group', 'g')).toMatchObject({ ports: [uuidOf('Logical_Switch_Port', 'p')] })
    expect(status('pod/p')).toMatchObject({ state: 'done' })
  })

  test('that are renamed are no longer meant', async () => {
    await disturb(...theirSwitch([]))
    const { sources, engine } = await started()
    sources.pods.set('p', { net: 'foreign:zs', address: '10.9.0.2' })
    await engine.settled()
    await disturb(update('Logical_Switch', zstack, { name: 'other' }))
    await engine.settled()
    expect(status('pod/p')).toMatchObject({ state: 'wait', reason: 'Blocked' })
  })

  test('that have our unique name are named in the refusal; the others go on; it ends when they do', async () => {
    await disturb(...theirSwitch([theirPort]))
    const { sources } = await started()
    sources.pods.set('p', { net: 'a', address: '10.0.0.2', name: 'theirs' })
    for (let i = 0; i < 20; i++) sources.pods.set(`q${i}`, { net: 'a', address: `10.0.1.${i}` })
    await waitUntil('the refusal is known', () => status('pod/p')?.state === 'retry')
    expect(status('pod/p')?.message).toContain('constraint violation')
    expect(status('pod/p')?.message).toContain('"Logical_Switch_Port"')
    expect(status('pod/p')?.message).toContain('(theirs)')
    expect(status('pod/p')?.message).toContain(theirPort)
    await waitUntil('the others are done', () => world.db.table('Logical_Switch_Port').size === 21)
    await disturb(remove('Logical_Switch', zstack))
    await waitUntil('the name is free', () => status('pod/p')?.state === 'done')
    expect(world.row('Logical_Switch_Port', 'theirs')).toMatchObject({ addresses: ['10.0.0.2'] })
  })
})

describe('when the connection is lost', () => {
  test('with a transaction on its way, the result is right and nothing is done twice', async () => {
    const { sources, engine } = await started()
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 200; i++)
        sources.pods.set(`p${round}-${i}`, { net: 'a', address: `10.0.${round}.${i}`, group: 'g' })
      const sent = world.transactions.length
      await waitUntil('a transaction was sent', () => world.transactions.length > sent)
      await server.restart()
      await engine.settled()
    }
    expect(world.db.table('Logical_Switch_Port').size).toBe(1000)
    expect(engine.stats.rejections).toBe(0)
    expect(engine.recompute()).toEqual([])
  })
})

test('a restart with nothing changed sends nothing', async () => {
  const { sources, engine } = await started()
  for (let i = 0; i < 300; i++)
    sources.pods.set(`p${i}`, { net: 'a', address: `10.0.${i >> 8}.${i & 255}`, group: 'g' })
  await engine.settled()
  engine[Symbol.dispose]()
  world = world.another()
  world.engine.start()
  await world.engine.settled()
  expect(world.transactions).toEqual([])
  expect(world.engine.stats.sweeps).toBe(1)
})
