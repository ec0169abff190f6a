import { formatAddressConflicts } from '@ovnkit/cni-api'
import { parseIp, parseMac } from '@ovnkit/inet'
import { Store } from '@ovnkit/reconcile'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { NodeFacts } from '../facts/node.ts'
import { Conflicts, createConflictStore } from './conflicts.ts'

const conflict = (address: string) => ({
  address: parseIp(address),
  mac: parseMac('02:00:00:00:00:07'),
  pod: 'ns/a',
  uid: 'u',
})

function set(text?: string) {
  const nodes = new Store<NodeFacts>({ name: 'nodes' })
  const store = createConflictStore()
  const conflicts = new Conflicts(store, { nodes, node: 'n1' })
  const annotations: Record<string, string> = text === undefined ? {} : { 'zstack.io/address-conflicts': text }
  nodes.set('n1', { uid: '', internalIps: [], zone: '', labels: {}, eligible: true, annotations })
  return { nodes, store, conflicts }
}

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('addresses that somebody else has', () => {
  it('are left alone for a while', () => {
    const { store, conflicts } = set()
    conflicts.add(conflict('10.0.0.5'))
    expect(conflicts.concern('u', [{ ip: '10.0.0.4' }, { ip: '10.0.0.5' }])).toBe(true)
    expect(conflicts.concern('another pod', [{ ip: '10.0.0.5' }])).toBe(false)
    vi.advanceTimersByTime(599_000)
    expect(store.size).toBe(1)
    conflicts.add(conflict('10.0.0.5'))
    vi.advanceTimersByTime(599_000)
    expect(store.size).toBe(1)
    vi.advanceTimersByTime(2_000)
    expect(store.size).toBe(0)
    expect(conflicts.concern('u', [{ ip: '10.0.0.5' }])).toBe(false)
  })

  it('are remembered through a restart, for as long as was left', () => {
    const until = Date.now() + 5000
    const text = formatAddressConflicts([
      { ...conflict('10.0.0.5'), until },
      { ...conflict('10.0.0.6'), until: until - 60_000 },
    ])
    const { nodes, store } = set(text)
    expect(store.synced).toBe(false)
    nodes.markSynced()
    expect(store.synced).toBe(true)
    vi.advanceTimersByTime(1)
    expect([...store.keys()]).toEqual(['10.0.0.5'])
    vi.advanceTimersByTime(5000)
    expect(store.size).toBe(0)
  })
})
