import { beginning, changed } from '@ovnkit/cni-policy/testing'
import { describe, expect, it } from 'vitest'
import { generatedWay, hasClusterPolicies, isAsked, keptWays, type Way } from './ways.ts'

describe('ways', () => {
  it.each(['network', 'cluster', 'mixed'] as const)(
    'of a seed are the same each time, longer ones begin as shorter ones: %s',
    kinds => {
      expect(generatedWay(7, 20, kinds)).toEqual(generatedWay(7, 20, kinds))
      expect(generatedWay(7, 20, kinds).changes.slice(0, 5)).toEqual(generatedWay(7, 5, kinds).changes)
      expect(hasClusterPolicies(generatedWay(7, 20, kinds))).toBe(kinds !== 'network')
    },
  )

  it('are asked after each change, after each so many, or at their end, which always is', () => {
    const asked = (way: Way) => way.changes.flatMap((_, i) => (isAsked(way, i + 1) ? i + 1 : []))
    expect(asked(generatedWay(7, 3))).toEqual([1, 2, 3])
    expect(asked(generatedWay(7, 8, 'mixed', 3))).toEqual([3, 6, 8])
    expect(asked({ ...generatedWay(7, 4), ask: 'at the end' })).toEqual([4])
  })

  it('that are kept change something at every step', () => {
    for (const { title, changes } of keptWays()) {
      let situation = beginning
      for (const [i, change] of changes.entries()) {
        const next = changed(situation, change)
        expect([title, i, next]).not.toEqual([title, i, situation])
        situation = next
      }
    }
  })
})
