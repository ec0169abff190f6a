import { same } from '@ovnkit/reconcile'
import { describe, expect, it } from 'vitest'
import { nodeFacts } from './node.ts'
import { podFacts } from './pod.ts'

describe('what is kept', () => {
  it('of a pod: our annotations, and whether it has ended', () => {
    const facts = podFacts({
      metadata: {
        namespace: 'ns',
        name: 'web-0',
        uid: 'u',
        creationTimestamp: '2026-01-02T03:04:05Z',
        annotations: { 'zstack.io/subnet': 'a', 'kubernetes.io/config.hash': 'x' },
      },
      spec: { nodeName: 'n', containers: [] },
      status: { phase: 'Succeeded' },
    })
    expect(facts).toEqual({
      namespace: 'ns',
      name: 'web-0',
      uid: 'u',
      objectUid: 'u',
      node: 'n',
      created: Date.UTC(2026, 0, 2, 3, 4, 5),
      ended: true,
      labels: {},
      hostPorts: [],
      ports: [],
      annotations: { 'zstack.io/subnet': 'a' },
    })
  })

  it('of the mirror of a static pod: the instance that it mirrors', () => {
    const annotations = { 'kubernetes.io/config.mirror': 'hash', 'kubernetes.io/config.hash': 'hash' }
    const facts = podFacts({ metadata: { name: 'a', uid: 'u', annotations } })
    expect([facts?.uid, facts?.objectUid]).toEqual(['hash', 'u'])
  })

  it('of a pod on its node’s network: nothing', () => {
    expect(podFacts({ metadata: { name: 'a' }, spec: { hostNetwork: true, containers: [] } })).toBeUndefined()
  })

  it('of a node: its own addresses, sorted, without those that mean another host on every host', () => {
    const facts = nodeFacts({
      metadata: {
        name: 'n',
        uid: 'u',
        annotations: { 'zstack.io/node-addresses': '10.9.0.2,fe80::1,127.0.0.1,fd00::2,192.168.0.1' },
      },
      status: {
        addresses: [
          { type: 'InternalIP', address: '192.168.0.1' },
          { type: 'ExternalIP', address: '203.0.113.9' },
          { type: 'Hostname', address: 'n' },
        ],
      },
    })
    expect(facts.addresses).toEqual(['10.9.0.2', '192.168.0.1', 'fd00::2'])
    expect(facts.chassis).toBe('n')
    expect(nodeFacts({ metadata: { name: 'n', annotations: { 'zstack.io/node-chassis': 'other' } } }).chassis).toBe(
      'other',
    )
  })
})

it('same compares by content', () => {
  expect(same({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toBe(true)
  expect(same({ a: undefined }, {})).toBe(false)
  expect(same([1], { 0: 1 })).toBe(false)
  expect(same({ a: [1, 2] }, { a: [2, 1] })).toBe(false)
})
