import type { BalancerFacts } from '@ovnkit/cni-service'
import { type IpRange, parseIp, parseRange } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import type { PoolFacts } from '../facts/pool.ts'
import { BalancerAllocator } from './allocator.ts'
import { planPools } from './plan-pools.ts'

const pool = (
  name: string,
  addresses: string[],
  more: Omit<Partial<PoolFacts>, 'spec'> & { spec?: object } = {},
): PoolFacts => ({
  name,
  uid: name,
  created: 0,
  generation: 1,
  deleting: false,
  ...more,
  spec: { addresses, ...more.spec },
})

const wants = (more: Partial<BalancerFacts> = {}): BalancerFacts => ({
  named: false,
  families: [4],
  preferDual: false,
  addresses: [],
  pool: '',
  labels: {},
  created: 0,
  ingress: [],
  recordedPool: '',
  node: '',
  ...more,
})

function allocator(pools: PoolFacts[], avoid: IpRange[] = []) {
  const one = new BalancerAllocator(namespace => ({ team: namespace }))
  const set = (next: PoolFacts[]) =>
    one.setPools(next, planPools({ pools: next, inUse: () => false, taken: [] }), avoid)
  set(pools)
  const decide = (name: string, more: Partial<BalancerFacts> = {}) =>
    one.decide({ key: `ns/${name}`, namespace: 'ns', facts: wants(more) })
  const text = (name: string, more: Partial<BalancerFacts> = {}) => {
    const grant = decide(name, more)
    return grant.state === 'granted' ? grant.addresses.join() : grant.reason
  }
  return { one, set, decide, text }
}

describe('addresses of pools', () => {
  it('are of the families that the Service has, in its order, from one pool', () => {
    const { text } = allocator([
      pool('v4', ['192.0.2.1'], { created: -1 }),
      pool('both', ['198.51.100.1-198.51.100.9', '2001:db8::/120']),
    ])
    expect(text('a', { families: [6, 4] })).toBe('2001:db8::1,198.51.100.1')
    expect(text('b')).toBe('192.0.2.1')
    expect(text('c', { families: [4] })).toBe('198.51.100.2')
  })

  it('of one family do where two are only preferred, and the second comes when it can', () => {
    const { text, set } = allocator([pool('p', ['192.0.2.1-192.0.2.9'])])
    const both = { families: [4, 6] } as const
    expect(text('a', both)).toBe('NoSuchFamily')
    expect(text('a', { ...both, preferDual: true })).toBe('192.0.2.1')
    set([pool('p', ['192.0.2.1-192.0.2.9', '2001:db8::5'])])
    expect(text('a', { ...both, preferDual: true })).toBe('192.0.2.1,2001:db8::5')
    // The family that the Service loses goes, the other stays.
    expect(text('a')).toBe('192.0.2.1')
  })

  it('are never those of nodes and of EgressIPs, nor excluded ones, and not the ends of a CIDR', () => {
    const avoid = [parseRange('192.0.2.1')]
    const { text } = allocator([pool('p', ['192.0.2.0/29'], { spec: { excludeIPs: ['192.0.2.2-192.0.2.4'] } })], avoid)
    expect(text('a')).toBe('192.0.2.5')
    expect(text('b')).toBe('192.0.2.6')
    expect(text('c')).toBe('PoolExhausted')
    expect(text('d', { addresses: ['192.0.2.1'] })).toBe('AddressExcluded')
    expect(text('d', { addresses: ['192.0.2.7'] })).toBe('OutsidePools')
  })

  it('stay with a Service while pools change around it', () => {
    const { text, set } = allocator([pool('p', ['192.0.2.10-192.0.2.20'])])
    text('a')
    expect(text('b')).toBe('192.0.2.11')
    set([
      pool('p', ['192.0.2.5-192.0.2.11'], { spec: { excludeIPs: ['192.0.2.11'] } }),
      pool('older', ['10.0.0.1'], { created: -1 }),
    ])
    expect(text('b')).toBe('192.0.2.11')
    expect(text('c')).toBe('10.0.0.1')
    set([pool('p', ['192.0.2.5-192.0.2.10'])])
    expect(text('b')).toBe('192.0.2.5')
  })

  it('are only for whom the pool is', () => {
    const { text } = allocator([
      pool('team', ['192.0.2.1'], { spec: { namespaceSelector: { matchLabels: { team: 'other' } } } }),
      pool('label', ['192.0.2.2'], { spec: { serviceSelector: { matchLabels: { public: '' } } } }),
      pool('asked', ['192.0.2.3'], { spec: { autoAssign: false } }),
      pool('going', ['192.0.2.4'], { deleting: true }),
    ])
    expect(text('a')).toBe('NoPool')
    expect(text('a', { addresses: ['192.0.2.1'] })).toBe('NotSelected')
    expect(text('a', { pool: 'nonsense' })).toBe('NoSuchPool')
    expect(text('a', { pool: 'going' })).toBe('PoolDeleted')
    expect(text('a', { pool: 'asked', addresses: ['192.0.2.2'] })).toBe('OutsidePools')
    expect(text('a', { labels: { public: '' } })).toBe('192.0.2.2')
    expect(text('b', { pool: 'asked' })).toBe('192.0.2.3')
  })

  it.each([
    ['nonsense', 'InvalidAddress'],
    ['2001:db8::1', 'WrongFamily'],
    ['203.0.113.1', 'OutsidePools'],
  ])('a wish for %s is refused: %s', (address, reason) => {
    expect(allocator([pool('p', ['192.0.2.1'])]).text('a', { addresses: [address] })).toBe(reason)
  })

  it('may be asked for anew: the old one is given back', () => {
    const { text } = allocator([pool('p', ['192.0.2.1-192.0.2.2'])])
    expect(text('a')).toBe('192.0.2.1')
    expect(text('a', { addresses: ['192.0.2.2'] })).toBe('192.0.2.2')
    expect(text('b')).toBe('192.0.2.1')
    expect(text('c', { addresses: ['192.0.2.2'] })).toBe('AddressTaken')
  })

  it('that a status tells are taken before any is given', () => {
    const { one, text } = allocator([pool('p', ['192.0.2.1-192.0.2.2'])])
    one.adopt({ key: 'ns/b', namespace: 'ns', facts: wants() }, [parseIp('192.0.2.1')])
    // Two Services with one address: the first of them has it.
    one.adopt({ key: 'ns/c', namespace: 'ns', facts: wants() }, [parseIp('192.0.2.1')])
    expect(text('a')).toBe('192.0.2.2')
    expect(text('b')).toBe('192.0.2.1')
    expect(text('c')).toBe('PoolExhausted')
  })
})
