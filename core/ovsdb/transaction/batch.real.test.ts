import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomUuid, wait } from '../index.ts'
import { type FactsDatabase, openFacts } from '../testing/open-facts.ts'

const stack = new AsyncDisposableStack()
let db: FactsDatabase

beforeAll(async () => {
  db = (await openFacts(stack)).db
})
afterAll(() => stack.disposeAsync())

const insertItem = (small: number) => [db.op.insert('Item', randomUuid<'Item'>(), { small })]

/** Transactions sent while the function ran. */
async function sent<T>(run: () => Promise<T>): Promise<readonly [T, number]> {
  const before = Object.values(db.stats.outcomes).reduce((sum, n) => sum + n, 0)
  const value = await run()
  return [value, Object.values(db.stats.outcomes).reduce((sum, n) => sum + n, 0) - before]
}

describe('batcher', () => {
  it('joins what is submitted in one turn', async () => {
    const batcher = db.batcher()
    const [outcomes, count] = await sent(() =>
      Promise.all(Array.from({ length: 500 }, () => batcher.transact(insertItem(1)))),
    )
    expect(count).toBe(1)
    expect(outcomes.every(outcome => outcome.status === 'committed' && outcome.results.length === 1)).toBe(true)
  })

  it('keeps to its limits', async () => {
    const groups = db.batcher({ maxGroups: 100 })
    const bytes = db.batcher({ maxBytes: 2_000, inFlight: 1 })
    const [, byGroups] = await sent(() =>
      Promise.all(Array.from({ length: 250 }, () => groups.transact(insertItem(1)))),
    )
    const [, byBytes] = await sent(() => Promise.all(Array.from({ length: 50 }, () => bytes.transact(insertItem(1)))))
    expect(byGroups).toBe(3)
    expect(byBytes).toBeGreaterThan(3)
  })

  it('isolates the group at fault: an operation refused', async () => {
    const batcher = db.batcher()
    const values = Array.from({ length: 64 }, (_, n) => (n === 37 ? 101 : n))
    const [outcomes, count] = await sent(() => Promise.all(values.map(small => batcher.transact(insertItem(small)))))
    expect(outcomes.map(({ status }) => status).filter(status => status !== 'committed')).toEqual(['failed'])
    expect(outcomes[37]?.status).toBe('failed')
    expect(count).toBe(3)
  })

  it('isolates the group at fault: found at commit only, by halves', async () => {
    await db.transact([db.op.insert('Peer', randomUuid(), { name: 'taken' })])
    const batcher = db.batcher()
    const names = Array.from({ length: 32 }, (_, n) => (n === 11 ? 'taken' : `peer-${n}`))
    const outcomes = await Promise.all(
      names.map(name => batcher.transact([db.op.insert('Peer', randomUuid<'Peer'>(), { name })])),
    )
    expect(outcomes.flatMap(({ status }, n) => (status === 'committed' ? [] : [n]))).toEqual([11])
    expect(db.table('Peer').size).toBe(32)
  })

  it('isolates a conflict, and several faults', async () => {
    const batcher = db.batcher()
    const guard = (n: number) => (n % 5 === 0 ? [wait('Item', randomUuid(), { n: 1 })] : [])
    const groups = Array.from({ length: 20 }, (_, n) => [...guard(n), ...insertItem(n)])
    const outcomes = await Promise.all(groups.map(group => batcher.transact(group)))
    expect(outcomes.flatMap(({ status }, n) => (status === 'conflict' ? [n] : []))).toEqual([0, 5, 10, 15])
  })
})
