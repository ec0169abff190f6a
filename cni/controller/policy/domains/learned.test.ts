import type { ResolvedName } from '@ovnkit/cni-api'
import { domainSetId } from '@ovnkit/cni-policy'
import { Store } from '@ovnkit/reconcile'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ResolvedFacts, resolvedFacts } from './facts.ts'
import { LearnedAddresses } from './learned.ts'

const minute = 60_000
const start = Date.parse('2026-01-01T00:00:00Z')

beforeEach(() => {
  vi.useFakeTimers({ now: start })
})
afterEach(() => {
  vi.useRealTimers()
})

function nodes() {
  const store = new Store<ResolvedFacts>({ name: 'resolved names' })
  const learned = new LearnedAddresses(store)
  const put = (node: string, names: readonly ResolvedName[]) =>
    store.set(
      node,
      resolvedFacts({ metadata: { name: node }, spec: { names: [], servers: [], pods: [] }, status: { names } }),
    )
  const of = async (name: string) => {
    await Promise.resolve()
    return learned.store.get(domainSetId(name))
  }
  return { store, learned, put, of }
}

/** Addresses by name, all until so many minutes after the start. */
const until = (minutes: number, names: Readonly<Record<string, readonly string[]>>): ResolvedName[] =>
  Object.entries(names).map(([name, addresses]) => ({
    name,
    addresses: addresses.map(address => ({ address, until: new Date(start + minutes * minute).toISOString() })),
  }))

describe('addresses of domain names', () => {
  it('are those that any node has learned, and stay while one says so', async () => {
    const { store, learned, put, of } = nodes()
    using _ = learned
    put('n1', until(30, { 'a.b': ['192.0.2.2', '192.0.2.1'] }))
    learned.start()
    expect(await of('a.b')).toEqual(['192.0.2.1', '192.0.2.2'])
    put('n2', until(30, { 'a.b': ['192.0.2.2', 'none', '2001:DB8::1'] }))
    expect(await of('a.b')).toEqual(['192.0.2.1', '192.0.2.2', '2001:db8::1'])
    put('n1', until(30, { 'c.d': ['192.0.2.3'] }))
    expect(await of('a.b')).toEqual(['192.0.2.2', '2001:db8::1'])
    expect(await of('c.d')).toEqual(['192.0.2.3'])
    store.delete('n2')
    expect(await of('a.b')).toBeUndefined()
  })

  it('end by the time that stands there, also when nobody takes them back', async () => {
    const { learned, put, of } = nodes()
    using _ = learned
    learned.start()
    put('n1', until(10, { 'a.b': ['192.0.2.1'] }))
    put('n2', until(20, { 'a.b': ['192.0.2.2'], 'c.d': ['192.0.2.1'] }))
    vi.advanceTimersByTime(10 * minute)
    expect(await of('a.b')).toEqual(['192.0.2.1', '192.0.2.2'])
    vi.advanceTimersByTime(2 * minute)
    expect(await of('a.b')).toEqual(['192.0.2.2'])
    vi.advanceTimersByTime(10 * minute)
    expect(await of('a.b')).toBeUndefined()
    expect(await of('c.d')).toBeUndefined()
  })

  it('are told of when they change, not when their times do', async () => {
    const { learned, put, of } = nodes()
    using _ = learned
    learned.start()
    put('n1', until(10, { 'a.b': ['192.0.2.1'] }))
    await of('a.b')
    let told = 0
    using _told = learned.store.subscribe(() => told++)
    put('n1', until(20, { 'a.b': ['192.0.2.1'] }))
    await of('a.b')
    expect(told).toBe(0)
    vi.advanceTimersByTime(15 * minute)
    expect(await of('a.b')).toEqual(['192.0.2.1'])
    put('n1', until(30, { 'a.b': ['192.0.2.1'] }))
    vi.advanceTimersByTime(10 * minute)
    expect(await of('a.b')).toEqual(['192.0.2.1'])
    vi.advanceTimersByTime(7 * minute)
    expect(await of('a.b')).toBeUndefined()
  })
})
