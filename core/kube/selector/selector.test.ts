import { describe, expect, it } from 'vitest'
import { type LabelRequirement, selects } from './selector.ts'

const labels = { app: 'web', tier: '' }
const expression = (key: string, operator: LabelRequirement['operator'], ...values: string[]) => ({
  matchExpressions: [{ key, operator, values }],
})

describe('a label selector', () => {
  it('without requirements selects everything', () => {
    expect(selects({}, {})).toBe(true)
    expect(selects({ matchLabels: {}, matchExpressions: [] }, labels)).toBe(true)
  })

  it('wants all of its requirements', () => {
    expect(selects({ matchLabels: { app: 'web', tier: '' } }, labels)).toBe(true)
    expect(selects({ matchLabels: { app: 'web', tier: 'x' } }, labels)).toBe(false)
    expect(selects({ matchLabels: { app: 'web' }, ...expression('app', 'NotIn', 'web') }, labels)).toBe(false)
  })

  it('tells an absent label from an empty one', () => {
    expect(selects(expression('tier', 'Exists'), labels)).toBe(true)
    expect(selects(expression('other', 'DoesNotExist'), labels)).toBe(true)
    expect(selects(expression('other', 'NotIn', 'a'), labels)).toBe(true)
    expect(selects(expression('other', 'In', 'a'), labels)).toBe(false)
    expect(selects(expression('tier', 'In', ''), labels)).toBe(true)
  })
})
