import type { AdminNetworkPolicy } from '@ovnkit/cni-policy/reference'
import { describe, expect, it } from 'vitest'
import { withoutPass } from './tiers.ts'

const rules = (...actions: string[]) => actions.map(action => ({ action, from: [{ namespaces: {} }] }))
const policy = (...actions: string[]): AdminNetworkPolicy => ({
  metadata: { name: 'a' },
  spec: { priority: 1, subject: { namespaces: {} }, ingress: rules(...actions) },
})
const none = { pods: [], namespaces: [], nodes: [], networkPolicies: [] }
const left = (...actions: string[]) => {
  const [one] = withoutPass({ ...none, adminNetworkPolicies: [policy(...actions)] }).adminNetworkPolicies ?? []
  return one?.spec.ingress?.map(({ action }) => action)
}

describe('what is carried out without tiers', () => {
  it('is all but what passes and what is allowed after it', () => {
    expect(left('Allow', 'Pass', 'Allow', 'Deny', 'Pass')).toEqual(['Allow', 'Deny'])
    expect(left('Deny', 'Allow', 'Deny', 'Allow')).toEqual(['Deny', 'Allow', 'Deny', 'Allow'])
  })

  it('is all of the baseline, behind which there is nobody', () => {
    const spec = { tier: 'Baseline', priority: 1, subject: { namespaces: {} }, ingress: rules('Pass', 'Accept') }
    const world = { ...none, clusterNetworkPolicies: [{ metadata: { name: 'b' }, spec }] }
    expect(withoutPass(world).clusterNetworkPolicies).toEqual(world.clusterNetworkPolicies)
  })
})
