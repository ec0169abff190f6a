import { startFaultyLine, waitUntil } from '@ovnkit/testing'
import { expect, it } from 'vitest'
import { openDatabase, parseSchema, randomUuid } from './index.ts'
import { facts } from './testing/facts.ts'
import { openFacts } from './testing/open-facts.ts'

const backoff = { min: 10, max: 50 }

it('decodes rows of a lazy table at their first access, and finds them by index', async () => {
  await using stack = new AsyncDisposableStack()
  const { db, server } = await openFacts(stack)
  const inserts = Array.from({ length: 500 }, (_, n) =>
    db.op.insert('Item', randomUuid<'Item'>(), { name: `n${n}`, n, tags: ['a', `t${n}`], attrs: { owner: `o${n}` } }),
  )
  await db.transact(inserts)
  const lazy = stack.use(
    openDatabase(facts, {
      remotes: server.remote,
      tables: { Item: { lazy: true, indexes: { byName: ['name'] } } },
      backoff,
    }),
  )
  await lazy.ready()
  const row = lazy.table('Item').by('byName', 'n250')
  expect([row?.n, row?.tags.has('t250'), row?.attrs.get('owner')]).toEqual([250, true, 'o250'])
  expect(lazy.table('Item').get(row?._uuid ?? '')).toBe(row)
  expect(lazy.table('Item').rows().toArray().length).toBe(500)
  await db.transact([
    db.op.update('Item', inserts[7] ? (db.table('Item').by('byName', 'n7')?._uuid ?? randomUuid()) : randomUuid(), {
      n: -7,
    }),
  ])
  await waitUntil('the change arrives', () => lazy.table('Item').by('byName', 'n7')?.n === -7)
})

it('holds only the rows of a condition, and changes with it', async () => {
  await using stack = new AsyncDisposableStack()
  const { db, server } = await openFacts(stack)
  await db.transact([1, 2, 3].map(n => db.op.insert('Item', randomUuid<'Item'>(), { name: `n${n}`, n })))
  const narrow = stack.use(
    openDatabase(facts, { remotes: server.remote, tables: { Item: { where: [['name', '==', 'n1']] } }, backoff }),
  )
  await narrow.ready()
  const names = () =>
    narrow
      .table('Item')
      .rows()
      .map(row => row.name)
      .toArray()
      .toSorted()
  expect(names()).toEqual(['n1'])
  await narrow.setConditions({
    Item: [
      ['n', '>=', 2],
      ['name', '==', 'n1'],
    ],
  })
  expect(names()).toEqual(['n1', 'n2', 'n3'])
  await narrow.setConditions({ Item: [] })
  expect(names()).toEqual([])
})

it('reads columns and tables that the server lacks as empty, and says so', async () => {
  await using stack = new AsyncDisposableStack()
  const { db: writer, server } = await openFacts(stack)
  await writer.transact([writer.op.insert('Item', randomUuid<'Item'>(), { name: 'x' })])
  const document = { type: { key: 'string', min: 0, max: 'unlimited' } }
  const newer = parseSchema({
    name: 'Facts',
    version: '2.0.0',
    tables: {
      Item: { columns: { name: { type: 'string' }, colours: document }, isRoot: true },
      Colour: { columns: { name: { type: 'string' } } },
    },
  })
  const db = stack.use(openDatabase(newer, { remotes: server.remote, tables: { Item: {}, Colour: {} }, backoff }))
  await db.ready()
  expect([
    db.has('Item', 'name'),
    db.has('Item', 'colours'),
    db.has('Colour'),
    db.table('Item').has('colours'),
  ]).toEqual([true, false, false, false])
  expect([db.table('Colour').size, JSON.stringify(db.table('Item').one())]).toEqual([
    0,
    expect.stringContaining('"name":"x"'),
  ])
  expect(Reflect.get(db.table('Item').one() ?? {}, 'colours').size).toBe(0)
  const demanding = stack.use(
    openDatabase(newer, { remotes: server.remote, tables: { Item: { required: ['colours'] } }, backoff }),
  )
  await expect(demanding.ready()).rejects.toThrow('the server lacks Item.colours')
})

it('says that a transaction was never sent, or that its outcome is unknown', async () => {
  await using stack = new AsyncDisposableStack()
  const { db, server } = await openFacts(stack)
  const proxy = stack.use(await startFaultyLine(server.remote))
  const far = stack.use(openDatabase(facts, { remotes: proxy.remote, tables: { Item: {} }, backoff }))
  await far.ready()
  proxy.freeze()
  const lost = far.transact([far.op.insert('Item', randomUuid<'Item'>(), { name: 'lost' })])
  const late = await far.transact([far.op.insert('Item', randomUuid<'Item'>(), { name: 'late' })], { timeout: 50 })
  proxy.breakDown()
  expect([(await lost).status, late.status]).toEqual(['unknown', 'unknown'])
  await waitUntil('the cut is noticed', () => !far.connected)
  expect((await far.transact([far.op.insert('Item', randomUuid<'Item'>(), {})])).status).toBe('disconnected')
  expect(far.stats.outcomes).toMatchObject({ unknown: 2, disconnected: 1 })
  expect(db.connected).toBe(true)
})

it('asserts its lock in every transaction', async () => {
  await using stack = new AsyncDisposableStack()
  const { server } = await openFacts(stack)
  const open = () => stack.use(openDatabase(facts, { remotes: server.remote, tables: {}, lock: 'only', backoff }))
  const first = open()
  await first.ready()
  await waitUntil('the first has the lock', () => first.lockOwned)
  const second = open()
  await second.ready()
  const insert = (db: typeof first) => db.transact([db.op.insert('Item', randomUuid<'Item'>(), {})])
  expect([(await insert(first)).status, (await insert(second)).status]).toEqual(['committed', 'notLocked'])
  await first[Symbol.asyncDispose]()
  await waitUntil('the second has the lock', () => second.lockOwned)
  expect((await insert(second)).status).toBe('committed')
})

it('ends what waits for it when it is closed', async () => {
  await using stack = new AsyncDisposableStack()
  const { db } = await openFacts(stack)
  const nowhere = stack.use(openDatabase(facts, { remotes: 'unix:/nonexistent', tables: { Item: {} }, backoff }))
  const ready = nowhere.ready()
  await expect(nowhere.ready({ signal: AbortSignal.timeout(20) })).rejects.toThrow()
  const watched = db.watch(['Item'])[Symbol.asyncIterator]().next()
  await nowhere[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
  await expect(ready).rejects.toThrow()
  expect(await watched).toEqual({ done: true, value: undefined })
})

it('has its counters as metrics', async () => {
  await using stack = new AsyncDisposableStack()
  const { db } = await openFacts(stack)
  await db.transact([db.op.insert('Item', randomUuid<'Item'>(), {})])
  const value = (name: string, labels: object = {}) =>
    db
      .metrics()
      .find(
        sample => sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
      )?.value
  expect([
    value('ovsdb_connected'),
    value('ovsdb_rows'),
    value('ovsdb_transactions_total', { outcome: 'committed' }),
  ]).toEqual([1, 1, 1])
})
