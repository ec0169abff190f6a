import { describe, expect, it } from 'vitest'
import { editDistance, suggest } from './index.ts'

describe('suggest', () => {
  it('finds what was meant', () => {
    const keys = ['clusterCIDR', 'serviceCIDR', 'joinCIDR', 'mtu']
    expect(suggest('clusterCidr', keys)).toBe('clusterCIDR')
    expect(suggest('serivceCIDR', keys)).toBe('serviceCIDR')
    expect(suggest('mut', keys)).toBe('mtu')
    expect(suggest('gateway', keys)).toBeUndefined()
  })

  it('counts swaps as one', () => {
    expect(editDistance('ab', 'ba')).toBe(1)
    expect(editDistance('', 'abc')).toBe(3)
    expect(editDistance('kitten', 'sitting')).toBe(3)
  })
})
