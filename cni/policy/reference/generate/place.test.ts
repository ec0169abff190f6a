import { describe, expect, it } from 'vitest'
import type { ClusterPolicy } from '../objects.ts'
import { around, resolvedClusterPolicy } from './place.ts'

const addressOf = (place: string, family: 4 | 6) =>
  family === 4 ? { n1: '10.0.0.5', n2: '10.0.0.6' }[place] : undefined

function networksOf(...networks: string[]): readonly string[] | undefined {
  const policy: ClusterPolicy = {
    kind: 'AdminNetworkPolicy',
    metadata: { name: 'a' },
    spec: { priority: 1, subject: { namespaces: {} }, egress: [{ action: 'Deny', to: [{ networks }] }] },
  }
  return resolvedClusterPolicy(policy, addressOf).spec.egress?.[0]?.to?.[0]?.networks
}

describe('networks of a policy of the cluster', () => {
  it('are those around the addresses that places have, each once', () => {
    expect(networksOf(around('n1', 4, 32), '0.0.0.0/0')).toEqual(['10.0.0.5/32', '0.0.0.0/0'])
    expect(networksOf(around('n1', 4, 24), around('n2', 4, 24))).toEqual(['10.0.0.0/24'])
  })

  it('are of nobody where no place has an address: the API wants at least one', () => {
    expect(networksOf(around('n1', 6, 64))).toEqual(['192.0.2.0/24'])
  })
})
