import { beginning, changed } from '@ovnkit/cni-policy/testing'
import { describe, expect, it } from 'vitest'
import { generatedWay, keptWays } from './ways.ts'

describe('ways', () => {
  it('of a seed are the same each time, and the longer one begins as the shorter one', () => {
    expect(generatedWay(7, 20)).toEqual(generatedWay(7, 20))
    expect(generatedWay(7, 20).changes.slice(0, 5)).toEqual(generatedWay(7, 5).changes)
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
