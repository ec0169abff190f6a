import { startFaultyLine, waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Batch, openDatabase, randomUuid, type Uuid } from '../index.ts'
import { type FactsTables, facts } from '../testing/facts.ts'
import { type FactsDatabase, openFacts } from '../testing/open-facts.ts'

const stack = new AsyncDisposableStack()
let db: FactsDatabase
let remote: string

beforeAll(async () => {
  const opened = await openFacts(stack)
  db = opened.db
  remote = opened.server.remote
})
afterAll(() => stack.disposeAsync())

async function addItem(
  values: { readonly name?: string; readonly tags?: readonly string[] } = {},
): Promise<Uuid<'Item'>> {
  const uuid = randomUuid<'Item'>()
  await db.transact([db.op.insert('Item', uuid, values)])
  return uuid
}

async function next(iterator: AsyncIterator<Batch<FactsTables>>): Promise<Batch<FactsTables>> {
  const result = await iterator.next()
  if (result.done) throw new Error('the watch has ended')
  return result.value
}

describe('onBatch', () => {
  it('is called once per step, after the replica and its indexes were changed', async () => {
    const seen: unknown[] = []
    using _ = db.onBatch(batch => {
      const changes = batch.table('Item')
      const uuid = changes?.inserted[0]?._uuid ?? ''
      seen.push([
        changes?.inserted.length,
        db.table('Item').get(uuid)?.name,
        db.table('Item').by('byName', 'a')?._uuid === uuid,
      ])
    })
    await db.transact(['a', 'b'].map(name => db.op.insert('Item', randomUuid<'Item'>(), { name })))
    expect(seen).toEqual([[2, expect.anything(), expect.anything()]])
  })

  it('gives the old row, the columns and the elements that changed', async () => {
    const tags = Array.from({ length: 30 }, (_, n) => `t${n}`)
    const uuid = await addItem({ name: 'old', tags })
    const batches: Batch<FactsTables>[] = []
    using _ = db.onBatch(batch => void batches.push(batch))
    await db.transact([
      db.op.update('Item', uuid, { name: 'new' }),
      db.op.addToSet('Item', uuid, 'tags', ['more']),
      db.op.removeFromSet('Item', uuid, 'tags', ['t3']),
    ])
    const update = batches[0]?.table('Item')?.updated[0]
    expect([update?.old.name, update?.row.name, [...(update?.columns ?? [])].toSorted()]).toEqual([
      'old',
      'new',
      ['name', 'tags'],
    ])
    expect(update?.deltas.get('tags')).toEqual({ added: ['more'], changed: [], removed: ['t3'] })
    expect([update?.old.tags.has('t3'), update?.old.tags.has('more'), update?.old.tags.size]).toEqual([true, false, 30])
    expect([update?.row.tags.has('t3'), update?.row.tags.has('more'), update?.row.tags.size]).toEqual([false, true, 30])
  })

  it('does not let one listener keep another from hearing', async () => {
    let heard = 0
    using _bad = db.onBatch(() => {
      throw new Error('bad listener')
    })
    using _good = db.onBatch(() => void heard++)
    await addItem()
    expect(heard).toBe(1)
  })

  it('tells of weak references that the server removed', async () => {
    const [item, peer] = [await addItem(), randomUuid<'Peer'>()]
    await db.transact([db.op.insert('Peer', peer, { name: 'weak' }), db.op.addToSet('Item', item, 'peers', [peer])])
    const removed: unknown[] = []
    using _ = db.onBatch(batch => {
      for (const update of batch.table('Item')?.updated ?? [])
        removed.push(...(update.deltas.get('peers')?.removed ?? []))
    })
    await db.transact([db.op.remove('Peer', peer)])
    expect(removed).toEqual([peer])
  })
})

describe('watch', () => {
  it('merges what a slow consumer has not taken, and drops nothing', async () => {
    const iterator = db.watch(['Item'])[Symbol.asyncIterator]()
    const [kept, gone] = [await addItem({ name: 'kept', tags: ['a'] }), await addItem({ name: 'gone' })]
    await next(iterator)
    await db.transact([db.op.update('Item', kept, { n: 1 })])
    await db.transact([db.op.addToSet('Item', kept, 'tags', ['b'])])
    await db.transact([db.op.addToSet('Item', kept, 'tags', ['c']), db.op.removeFromSet('Item', kept, 'tags', ['b'])])
    await db.transact([db.op.remove('Item', gone)])
    const short = await addItem()
    await db.transact([db.op.remove('Item', short)])
    const changes = (await next(iterator)).table('Item')
    expect([changes?.inserted.length, changes?.deleted.map(row => row._uuid), changes?.updated.length]).toEqual([
      0,
      [gone],
      1,
    ])
    const update = changes?.updated[0]
    expect([[...(update?.columns ?? [])].toSorted(), update?.old.n, update?.row.n]).toEqual([['n', 'tags'], 0, 1])
    expect(update?.deltas.get('tags')).toEqual({ added: ['c'], changed: [], removed: [] })
    await iterator.return?.()
  })

  it('forgets an update that was undone before it was taken', async () => {
    const uuid = await addItem({ name: 'x' })
    const iterator = db.watch(['Item'])[Symbol.asyncIterator]()
    await db.transact([db.op.update('Item', uuid, { name: 'y' })])
    await db.transact([db.op.update('Item', uuid, { name: 'x' })])
    const marker = await addItem()
    const changes = (await next(iterator)).table('Item')
    expect([changes?.updated, changes?.inserted.map(row => row._uuid)]).toEqual([[], [marker]])
    await iterator.return?.()
  })

  it('tells of updates only if a watched column changed', async () => {
    const uuid = await addItem()
    const iterator = db.watch({ Item: ['name'] })[Symbol.asyncIterator]()
    await db.transact([db.op.update('Item', uuid, { n: 1 })])
    await db.transact([db.op.update('Item', uuid, { name: 'watched' })])
    const changes = (await next(iterator)).table('Item')
    expect(changes?.updated.map(({ row }) => row.name)).toEqual(['watched'])
    await iterator.return?.()
  })

  it('gives the rows that are there, if asked', async () => {
    const uuid = await addItem()
    const iterator = db.watch(['Item'], { initial: true })[Symbol.asyncIterator]()
    const inserted = (await next(iterator)).table('Item')?.inserted ?? []
    expect(inserted.length).toBe(db.table('Item').size)
    expect(inserted.map(row => row._uuid)).toContain(uuid)
    await iterator.return?.()
  })

  it('ends with its signal, after what was pending', async () => {
    const stop = new AbortController()
    const watching = db.watch(['Item'], { signal: stop.signal })
    await addItem()
    stop.abort()
    const batches: unknown[] = []
    for await (const batch of watching) batches.push(batch)
    expect(batches.length).toBe(1)
  })
})

describe('after an outage', () => {
  it('watchers hear the difference: deletions too, and nothing that is as before', async () => {
    await using faults = new AsyncDisposableStack()
    const proxy = faults.use(await startFaultyLine(remote))
    const far = faults.use(
      openDatabase(facts, { remotes: proxy.remote, tables: { Item: {} }, backoff: { min: 10, max: 50 } }),
    )
    await far.ready()
    const [changed, deleted, same] = [
      await addItem({ name: 'c' }),
      await addItem({ name: 'd' }),
      await addItem({ name: 's' }),
    ]
    await waitUntil('all rows are there', () => far.table('Item').get(same))
    const identity = far.table('Item').get(same)
    const batches: Batch<FactsTables>[] = []
    far.onBatch(batch => void batches.push(batch))
    proxy.breakDown()
    await waitUntil('the cut is noticed', () => !far.connected)
    await db.transact([db.op.update('Item', changed, { name: 'c2' }), db.op.remove('Item', deleted)])
    proxy.mend()
    await waitUntil('the far replica is back', () => far.connected)
    expect(batches.map(({ resync }) => resync)).toEqual([true])
    const changes = batches[0]?.table('Item')
    expect(changes?.inserted).toEqual([])
    expect(changes?.deleted.map(row => [row._uuid, row.name])).toEqual([[deleted, 'd']])
    expect(changes?.updated.map(({ old, row, columns }) => [old.name, row.name, [...columns]])).toEqual([
      ['c', 'c2', ['name']],
    ])
    expect(far.table('Item').get(same)).toBe(identity)
  })
})
