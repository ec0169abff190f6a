import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  abort,
  absent,
  comment,
  insert,
  type Operation,
  randomUuid,
  select,
  type Uuid,
  uuidFor,
  wait,
} from '../index.ts'
import { type FactsDatabase, openFacts } from '../testing/open-facts.ts'

const stack = new AsyncDisposableStack()
let db: FactsDatabase
let other: FactsDatabase
let item: Uuid<'Item'>

beforeAll(async () => {
  const opened = await openFacts(stack)
  db = opened.db
  other = opened.open()
  await other.ready()
})
afterAll(() => stack.disposeAsync())

beforeEach(async () => {
  item = randomUuid<'Item'>()
  const tags = Array.from({ length: 20 }, (_, n) => `t${n}`)
  await commit([db.op.insert('Item', item, { name: `item-${item}`, attrs: { owner: 'me', other: 'x' }, tags })])
})

async function commit(operations: readonly Operation[]): Promise<void> {
  expect(await db.transact(operations)).toMatchObject({ status: 'committed' })
}

const row = () => db.table('Item').get(item)

describe('transact', () => {
  it('shows its own changes in the replica when it resolves', async () => {
    await commit([db.op.update('Item', item, { n: 5, opt: 'x' })])
    expect([row()?.n, row()?.opt]).toEqual([5, 'x'])
    await commit([db.op.update('Item', item, { opt: null })])
    expect(row()?.opt).toBeUndefined()
  })

  it('changes sets and maps by element and replaces the values of keys', async () => {
    await commit([
      db.op.addToSet('Item', item, 'tags', ['new', 't1']),
      db.op.removeFromSet('Item', item, 'tags', ['t0', 'none']),
      db.op.setKeys('Item', item, 'attrs', { owner: 'you', third: 'y' }),
      db.op.deleteKeys('Item', item, 'attrs', ['other', 'none']),
    ])
    expect([row()?.tags.size, row()?.tags.has('new'), row()?.tags.has('t0')]).toEqual([20, true, false])
    expect(Object.fromEntries(row()?.attrs ?? [])).toEqual({ owner: 'you', third: 'y' })
  })

  it('sends nothing for no operations', async () => {
    expect(await db.transact([])).toEqual({ status: 'unchanged' })
  })

  it('names the operation that the server refused', async () => {
    const outcome = await db.transact([comment('a test'), db.op.update('Item', item, { small: 101 })])
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { code: 'constraint violation', operation: 'update', index: 1 },
    })
  })

  it('names no operation for what is found at commit', async () => {
    const peers = [randomUuid<'Peer'>(), randomUuid<'Peer'>()]
    const outcome = await db.transact(peers.map(uuid => db.op.insert('Peer', uuid, { name: 'twice' })))
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'constraint violation', index: undefined } })
  })

  it('finds a wrong value before sending, with its column', async () => {
    const outcome = await db.transact([insert('Item', randomUuid(), { n: 'five' })])
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'invalid value', index: 0 } })
    expect(outcome.status === 'failed' && outcome.error.message).toContain('Item.n: expected an integer')
  })

  it.each([
    ['Nothing', { name: 'x' }, 'unknown table'],
    ['Item', { nothing: 'x' }, 'invalid value'],
  ])('refuses what this server lacks: %s %o', async (table, values, code) => {
    expect(await db.transact([insert(table, randomUuid(), values)])).toMatchObject({
      status: 'failed',
      error: { code },
    })
  })

  it('refuses an insert that the garbage collector would swallow', async () => {
    const child = randomUuid<'Child'>()
    const alone = await db.transact([db.op.insert('Child', child, { name: 'c' })])
    expect(alone).toMatchObject({ status: 'failed', error: { code: 'unattached insert', index: 0 } })
    await commit([db.op.insert('Child', child, { name: 'c' }), db.op.addToSet('Item', item, 'children', [child])])
    expect(db.table('Child').get(child)?.name).toBe('c')
  })

  it('does nothing in a dry run', async () => {
    expect(await db.transact([db.op.update('Item', item, { n: 9 }), abort()])).toEqual({ status: 'aborted' })
    expect(row()?.n).toBe(0)
  })

  it('inserts a row with our UUID only once', async () => {
    const uuid = uuidFor<'Item'>('test', item)
    await commit([db.op.insert('Item', uuid, {})])
    expect(await db.transact([db.op.insert('Item', uuid, {})])).toMatchObject({
      status: 'failed',
      error: { code: 'duplicate uuid' },
    })
  })

  it.each([
    ['wait', () => wait('Item', item, { n: 1 })],
    ['absent', () => absent('Item', { name: `item-${item}` })],
    ['absent with a map', () => absent('Item', { name: `item-${item}`, attrs: { owner: 'me' } })],
  ])('ends in a conflict if a guard does not hold: %s', async (_, guard) => {
    expect(await db.transact([guard(), db.op.update('Item', item, { n: 2 })])).toMatchObject({ status: 'conflict' })
    expect(row()?.n).toBe(0)
  })

  it('goes on if the guards hold', async () => {
    await commit([
      wait('Item', item, { n: 0, opt: null }),
      absent('Item', { name: 'none' }),
      db.op.update('Item', item, { n: 2 }),
    ])
  })

  it('gives the counts and rows of operations', async () => {
    const outcome = await db.transact([
      db.op.update('Item', item, { n: 1 }),
      select('Item', ['n'], item),
      db.op.remove('Item', randomUuid()),
    ])
    expect(outcome).toEqual({ status: 'committed', results: [{ count: 1 }, { rows: [{ n: 1 }] }, { count: 0 }] })
  })

  it('keeps integers beyond 2^53 exact, both ways', async () => {
    await commit([db.op.update('Item', item, { n: 9223372036854775807n, ints: [-9223372036854775808n, 1] })])
    expect([row()?.n, [...(row()?.ints ?? [])]]).toEqual([9223372036854775807n, [-9223372036854775808n, 1]])
  })
})

describe('transaction', () => {
  it('shows the callback what it has done so far', async () => {
    const { value } = await db.transaction(tx => {
      tx.update('Item', item, { n: 7 })
      tx.ensureInSet('Item', item, 'tags', ['here'])
      tx.deleteMapKeys('Item', item, 'attrs', ['other'])
      tx.setMapKeys('Item', item, 'attrs', { owner: 'tx' })
      const seen = tx.by('Item', 'byOwner', 'tx')
      const uuid = tx.insert('Item', { name: 'inner' })
      return [seen?.n, seen?.tags.has('here'), seen?.attrs.size, tx.by('Item', 'byName', 'inner')?._uuid === uuid]
    })
    expect(value).toEqual([7, true, 1, true])
    expect([row()?.n, row()?.tags.has('here'), row()?.attrs.get('owner')]).toEqual([7, true, 'tx'])
  })

  it('leaves the replica alone until the server has agreed', async () => {
    await db.transaction(tx => {
      tx.ensureInSet('Item', item, 'tags', ['mine'])
      tx.removeFromSet('Item', item, 'tags', ['t1'])
      expect([row()?.tags.has('mine'), row()?.tags.has('t1')]).toEqual([false, true])
      expect(tx.get('Item', item)?.tags.size).toBe(20)
    })
    expect([row()?.tags.has('mine'), row()?.tags.has('t1')]).toEqual([true, false])
  })

  it('sends nothing for writes that change nothing', async () => {
    const before = db.stats.bytesSent
    const outcome = await db.transaction(tx => {
      tx.update('Item', item, { name: `item-${item}`, opt: null })
      tx.ensureInSet('Item', item, 'tags', ['t1'])
      tx.removeFromSet('Item', item, 'tags', ['none'])
      tx.setMapKeys('Item', item, 'attrs', { owner: 'me' })
      tx.deleteMapKeys('Item', item, 'attrs', ['none'])
      tx.ensureDeleted('Item', randomUuid())
      tx.upsert('Item', { index: 'byName', key: [`item-${item}`] }, { b: false })
      tx.comment('nothing to do')
    })
    expect(outcome.status).toBe('unchanged')
    expect(db.stats.bytesSent).toBe(before)
  })

  it('runs again on a conflict, with the replica as it then is', async () => {
    let runs = 0
    const outcome = await db.transaction(
      async tx => {
        const n = tx.get('Item', item)?.n ?? 0
        if (++runs === 1) {
          await other.transact([other.op.update('Item', item, { n: 10 })])
          // The replica knows already: what was read before is what counts.
          await waitUntil('the change has arrived', () => row()?.n === 10)
        }
        tx.update('Item', item, { n: n + 1 })
      },
      { verify: true },
    )
    expect([outcome.status, runs, row()?.n]).toEqual(['committed', 2, 11])
  })

  it('guards only the columns that were read', async () => {
    let runs = 0
    await db.transaction(
      async tx => {
        const name = tx.get('Item', item)?.name
        if (++runs === 1) await other.transact([other.op.update('Item', item, { n: 10 })])
        tx.update('Item', item, { opt: `${name}` })
      },
      { verify: true },
    )
    expect(runs).toBe(1)
  })

  it('gives up after the retries allowed', async () => {
    const outcome = await db.transaction(
      async tx => {
        tx.verify('Item', item, 'n')
        await other.transact([other.op.update('Item', item, { n: Math.trunc(performance.now() * 1000) })])
        tx.update('Item', item, { b: true })
      },
      { retries: 2 },
    )
    expect(outcome.status).toBe('conflict')
  })

  it('upserts by index, and notices a row that appears meanwhile', async () => {
    const name = `new-${item}`
    const at = { index: 'byOwner', key: [name] }
    const row = { name, attrs: { owner: name } }
    let runs = 0
    const { value } = await db.transaction(async tx => {
      const uuid = tx.upsert('Item', at, { ...row, n: 2 })
      if (++runs === 1) await other.transact([other.op.insert('Item', randomUuid(), row)])
      return uuid
    })
    expect(runs).toBe(2)
    expect(
      db
        .table('Item')
        .all('byOwner', name)
        .map(found => [found._uuid, found.n]),
    ).toEqual([[value, 2]])
  })

  it('deletes a row of a non-root table by its references', async () => {
    const child = randomUuid<'Child'>()
    await commit([db.op.insert('Child', child, { name: 'c' }), db.op.addToSet('Item', item, 'children', [child])])
    expect((await db.transaction(tx => tx.ensureDeleted('Child', child))).status).toBe('committed')
    expect([db.table('Child').get(child), row()?.children.size]).toEqual([undefined, 0])
  })

  it('ends by abort without sending, and by an error of the callback with that error', async () => {
    expect(await db.transaction(tx => tx.abort())).toEqual({ status: 'aborted', value: undefined })
    await expect(db.transaction(tx => tx.update('Item', randomUuid<'Item'>(), {}))).rejects.toThrow('Item has no row')
  })
})
