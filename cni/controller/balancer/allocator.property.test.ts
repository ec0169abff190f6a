import type { BalancerFacts } from '@ovnkit/cni-service'
import { type Family, type IpAddress, ipFamily } from '@ovnkit/inet'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { PoolFacts } from '../facts/pool.ts'
import { BalancerAllocator } from './allocator.ts'
import type { Grant } from './grant.ts'
import { planPools } from './plan-pools.ts'

const keys = ['ns/a', 'ns/b', 'ns/c', 'ns/d'] as const
const families = fc.constantFrom<readonly Family[]>([4], [6], [4, 6], [6, 4])

const step = fc.oneof(
  fc.record({
    kind: fc.constant('service' as const),
    key: fc.constantFrom(...keys),
    families,
    preferDual: fc.boolean(),
    addresses: fc.constantFrom<readonly string[]>([], [], ['192.0.2.2'], ['2001:db8::2']),
    pool: fc.constantFrom('', '', 'p', 'q'),
  }),
  fc.record({ kind: fc.constant('gone' as const), key: fc.constantFrom(...keys) }),
  fc.record({
    kind: fc.constant('pools' as const),
    pools: fc.subarray([
      ['p', '192.0.2.1-192.0.2.3'],
      ['p', '2001:db8::1-2001:db8::2'],
      ['q', '192.0.2.5'],
      ['q', '2001:db8::9'],
    ] as const),
  }),
  fc.record({ kind: fc.constant('restart' as const) }),
)

const poolsOf = (entries: readonly (readonly [string, string])[]): PoolFacts[] =>
  [...new Set(entries.map(([name]) => name))].map(name => ({
    name,
    uid: name,
    created: 0,
    generation: 1,
    deleting: false,
    spec: { addresses: entries.filter(([one]) => one === name).map(([, text]) => text) },
  }))

it('never one address for two, only what is asked for, and nothing changes by asking again or by a restart', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), steps => {
      let pools: PoolFacts[] = []
      let allocator = new BalancerAllocator(() => ({}))
      const services = new Map<string, BalancerFacts>()
      const status = new Map<string, readonly IpAddress[]>()
      const client = (key: string, facts: BalancerFacts) => ({ key, namespace: 'ns', facts })
      const set = () => allocator.setPools(pools, planPools({ pools, inUse: () => false, taken: [] }), [])
      const decideAll = (): Map<string, Grant> => {
        const grants = new Map([...services].map(([key, facts]) => [key, allocator.decide(client(key, facts))]))
        for (const [key, grant] of grants) status.set(key, grant.state === 'granted' ? grant.addresses : [])
        return grants
      }
      for (const one of steps) {
        if (one.kind === 'pools') {
          pools = poolsOf(one.pools)
          set()
        } else if (one.kind === 'gone') {
          services.delete(one.key)
          status.delete(one.key)
          allocator.release(one.key)
        } else if (one.kind === 'service') {
          const { kind: _, key, ...asked } = one
          const rest = { named: false, labels: {}, created: 0, ingress: [], recordedPool: '', node: '' }
          services.set(key, { ...asked, ...rest })
        } else {
          allocator = new BalancerAllocator(() => ({}))
          set()
          for (const [key, facts] of services) allocator.adopt(client(key, facts), status.get(key) ?? [])
        }
        const before = one.kind === 'restart' ? new Map(status) : undefined
        const grants = decideAll()
        if (before !== undefined) expect(new Map(status)).toEqual(before)
        const all = [...status.values()].flat()
        expect(new Set(all).size).toBe(all.length)
        for (const [key, grant] of grants) {
          if (grant.state !== 'granted') continue
          const facts = services.get(key)
          const got = grant.addresses.map(ipFamily)
          expect(facts?.families.filter(family => got.includes(family))).toEqual(got)
          if (facts?.preferDual === false) expect(got).toEqual(facts.families)
          for (const wish of facts?.addresses ?? []) expect(grant.addresses).toContain(wish)
        }
        expect(decideAll()).toEqual(grants)
      }
    }),
  )
})
