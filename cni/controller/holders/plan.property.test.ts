import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Claim, type NodeState, planHolders, rank } from './plan.ts'
import { favourite } from './weight.ts'

const names = ['n1', 'n2', 'n3', 'n4'] as const
const node = fc.record({
  name: fc.constantFrom(...names),
  labels: fc.constantFrom({}, { gateway: '' }),
  ready: fc.boolean(),
  schedulable: fc.boolean(),
  answers: fc.boolean(),
})
const nodes = fc.uniqueArray(node, { selector: one => one.name, maxLength: 4 })
const claim: fc.Arbitrary<Claim> = fc.record({
  balancer: fc.boolean(),
  nodeSelector: fc.constantFrom(undefined, { matchLabels: { gateway: '' } }),
  only: fc.option(fc.subarray([...names]), { nil: undefined }),
})
const claims = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), claim, { noNullPrototype: true })
const asMap = (record: Record<string, Claim>) => new Map(Object.entries(record))

const allowed = (one: Claim, state: NodeState) => one.nodeSelector === undefined || 'gateway' in state.labels

describe('holders, through any history of nodes', () => {
  it('exist for every claim that a node may hold, and only there', () => {
    fc.assert(
      fc.property(claims, fc.array(nodes, { minLength: 1, maxLength: 6 }), (record, history) => {
        let current = new Map<string, string>()
        for (const states of history) {
          current = planHolders({ claims: asMap(record), nodes: states, current })
          for (const [key, one] of Object.entries(record)) {
            const holder = states.find(({ name }) => name === current.get(key))
            expect(holder !== undefined).toBe(states.some(state => allowed(one, state)))
            if (holder !== undefined) expect(allowed(one, holder)).toBe(true)
          }
        }
      }),
    )
  })

  it('are left alone by a second look, and by any change that makes no other node better than theirs', () => {
    fc.assert(
      fc.property(claims, nodes, nodes, (record, before, after) => {
        const first = planHolders({ claims: asMap(record), nodes: before, current: new Map() })
        expect(planHolders({ claims: asMap(record), nodes: before, current: first })).toEqual(first)
        const second = planHolders({ claims: asMap(record), nodes: after, current: first })
        for (const [key, holder] of first) {
          const state = after.find(({ name }) => name === holder)
          const fine = state !== undefined && rank(state) === 0 && record[key]?.only === undefined
          if (fine && allowed(record[key] ?? { balancer: false }, state)) expect(second.get(key)).toBe(holder)
        }
      }),
    )
  })

  it('lose nothing but what the lost node held', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1 }), keys => {
        for (const key of keys) {
          const before = favourite(key, names)
          for (const gone of names) {
            if (gone === before) continue
            const rest = names.filter(name => name !== gone)
            expect(favourite(key, rest)).toBe(before)
          }
        }
      }),
    )
  })
})
