import { describe, expect, it } from 'vitest'
import type { NetworkPolicy } from './objects.ts'
import { ask, namespace, pod, policy, world } from './testing-world.ts'

const pods = [
  pod('default/db', 1, { labels: { role: 'db' } }),
  pod('default/front', 2, { labels: { role: 'frontend' } }),
  pod('default/any', 3),
  pod('mine/a', 4, { labels: { role: 'client' } }),
  pod('mine/b', 5, { node: 'n2' }),
  pod('yours/a', 6, { labels: { role: 'frontend' } }),
]
const namespaces = [
  namespace('default'),
  namespace('mine', { project: 'myproject', user: 'alice', namespace: 'backend' }),
  namespace('yours', { namespace: 'frontend' }),
]
const having = (...networkPolicies: NetworkPolicy[]) => world({ pods, namespaces, networkPolicies })

describe('without policies', () => {
  it('everything is allowed', () => {
    expect(ask(having(), 'yours/a', 'default/db')).toBe(true)
    expect(ask(having(), 'default/db', '203.0.113.1')).toBe(true)
    expect(ask(having(), 'n2', 'default/db')).toBe(true)
  })
})

// https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-resource
describe("the concepts page's example", () => {
  const example = having(
    policy('test-network-policy', {
      podSelector: { matchLabels: { role: 'db' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [
            { ipBlock: { cidr: '172.17.0.0/16', except: ['172.17.1.0/24'] } },
            { namespaceSelector: { matchLabels: { project: 'myproject' } } },
            { podSelector: { matchLabels: { role: 'frontend' } } },
          ],
          ports: [{ protocol: 'TCP', port: 6379 }],
        },
      ],
      egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/24' } }], ports: [{ protocol: 'TCP', port: 5978 }] }],
    }),
  )

  it('lets the three sources in on its port', () => {
    for (const from of ['default/front', 'mine/a', 'mine/b', '172.17.0.9', '172.17.2.0', '172.17.255.255'])
      expect([from, ask(example, from, 'default/db', 6379)]).toEqual([from, true])
  })

  it('lets nobody else in, and on no other port', () => {
    for (const from of ['default/any', 'yours/a', '172.17.1.7', '172.18.0.1', 'n2'])
      expect([from, ask(example, from, 'default/db', 6379)]).toEqual([from, false])
    expect(ask(example, 'default/front', 'default/db', 6380)).toBe(false)
    expect(ask(example, 'default/front', 'default/db', 6379, { protocol: 'UDP' })).toBe(false)
  })

  it('lets out to the network on its port alone', () => {
    expect(ask(example, 'default/db', '10.0.0.200', 5978)).toBe(true)
    expect(ask(example, 'default/db', '10.0.0.200', 5979)).toBe(false)
    expect(ask(example, 'default/db', '10.0.1.1', 5978)).toBe(false)
    expect(ask(example, 'default/db', 'default/any', 5978)).toBe(false)
  })

  it('isolates nobody else', () => {
    expect(ask(example, 'yours/a', 'default/front')).toBe(true)
    expect(ask(example, 'default/front', 'yours/a')).toBe(true)
  })
})

// #behavior-of-to-and-from-selectors
describe('selectors of peers', () => {
  const namespaceSelector = { matchLabels: { user: 'alice' } }
  const podSelector = { matchLabels: { role: 'client' } }

  it('in one element both have to hold', () => {
    const one = having(policy('p', { podSelector: {}, ingress: [{ from: [{ namespaceSelector, podSelector }] }] }))
    expect(ask(one, 'mine/a', 'default/db')).toBe(true)
    expect(ask(one, 'mine/b', 'default/db')).toBe(false)
  })

  it('in two elements one is enough', () => {
    const ingress = [{ from: [{ namespaceSelector }, { podSelector }] }]
    expect(ask(having(policy('p', { podSelector: {}, ingress })), 'mine/b', 'default/db')).toBe(true)
  })

  it('empty ones select all pods, of the own namespace or of all, and never nodes or the outside', () => {
    const own = having(policy('p', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] }))
    expect(ask(own, 'default/any', 'default/db')).toBe(true)
    expect(ask(own, 'mine/a', 'default/db')).toBe(false)
    const all = having(policy('p', { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] }))
    expect(ask(all, 'mine/a', 'default/db')).toBe(true)
    expect(ask(all, 'n2', 'default/db')).toBe(false)
    expect(ask(all, '203.0.113.1', 'default/db')).toBe(false)
  })

  // #targeting-multiple-namespaces-by-label
  it('select namespaces by expressions', () => {
    const matchExpressions = [{ key: 'namespace', operator: 'In', values: ['frontend', 'backend'] }]
    const one = having(
      policy('p', {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [{ to: [{ namespaceSelector: { matchExpressions } }] }],
      }),
    )
    expect(ask(one, 'default/db', 'mine/a')).toBe(true)
    expect(ask(one, 'default/db', 'yours/a')).toBe(true)
    expect(ask(one, 'default/db', 'default/any')).toBe(false)
  })
})

// #default-policies
describe('default policies', () => {
  const denyIngress = policy('deny-in', { podSelector: {}, policyTypes: ['Ingress'] })
  const denyEgress = policy('deny-out', { podSelector: {}, policyTypes: ['Egress'] })

  it('deny one direction and leave the other', () => {
    expect(ask(having(denyIngress), 'mine/a', 'default/db')).toBe(false)
    expect(ask(having(denyIngress), 'default/db', 'mine/a')).toBe(true)
    expect(ask(having(denyEgress), 'mine/a', 'default/db')).toBe(true)
    expect(ask(having(denyEgress), 'default/db', 'mine/a')).toBe(false)
  })

  it('are lifted by one that allows everything: policies add up', () => {
    const allow = policy('allow', { podSelector: {}, ingress: [{}] })
    expect(ask(having(denyIngress, allow), '203.0.113.1', 'default/db')).toBe(true)
    expect(
      ask(having(denyIngress, policy('o', { podSelector: {}, ingress: [{}] }, 'mine')), 'mine/a', 'default/db'),
    ).toBe(false)
  })

  it('need both ends of a connection between pods', () => {
    const mine = policy('deny', { podSelector: {}, policyTypes: ['Egress'] }, 'mine')
    expect(ask(having(policy('allow', { podSelector: {}, ingress: [{}] }), mine), 'mine/a', 'default/db')).toBe(false)
  })

  it('cannot block a pod from itself, and from its node', () => {
    const both = having(policy('deny', { policyTypes: ['Ingress', 'Egress'] }))
    expect(ask(both, 'default/db', 'default/db')).toBe(true)
    expect(ask(both, 'n1', 'default/db')).toBe(true)
    expect(ask(both, 'n2', 'default/db')).toBe(false)
    expect(ask(both, 'default/db', 'n1')).toBe('unspecified')
    expect(ask(both, 'default/db', 'n2')).toBe(false)
  })
})

describe('policyTypes', () => {
  const egress = [{ to: [{ podSelector: {} }] }]

  it('not given are ingress, and egress when there are egress rules', () => {
    const only = having(policy('p', { podSelector: {}, egress }))
    expect(ask(only, 'mine/a', 'default/db')).toBe(false)
    expect(ask(only, 'default/db', 'mine/a')).toBe(false)
    expect(ask(only, 'default/db', 'default/any')).toBe(false)
    const none = having(policy('p', { podSelector: {}, egress: [] }))
    expect(ask(none, 'default/db', 'mine/a')).toBe(true)
  })

  it('given decide which rules count', () => {
    const one = having(policy('p', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}], egress }))
    expect(ask(one, 'default/db', 'mine/a')).toBe(true)
  })
})

describe('ports', () => {
  // #targeting-a-range-of-ports
  it('may be a range, with both its ends', () => {
    const one = having(
      policy('multi-port-egress', {
        podSelector: { matchLabels: { role: 'db' } },
        policyTypes: ['Egress'],
        egress: [
          { to: [{ ipBlock: { cidr: '10.0.0.0/24' } }], ports: [{ protocol: 'TCP', port: 32000, endPort: 32768 }] },
        ],
      }),
    )
    const answers = [31999, 32000, 32768, 32769].map(port => ask(one, 'default/db', '10.0.0.5', port))
    expect(answers).toEqual([false, true, true, false])
  })

  it('are TCP unless they say otherwise, and all of a protocol without a number', () => {
    const one = having(policy('p', { podSelector: {}, ingress: [{ ports: [{ port: 80 }, { protocol: 'SCTP' }] }] }))
    expect(ask(one, 'mine/a', 'default/db', 80)).toBe(true)
    expect(ask(one, 'mine/a', 'default/db', 80, { protocol: 'UDP' })).toBe(false)
    expect(ask(one, 'mine/a', 'default/db', 7, { protocol: 'SCTP' })).toBe(true)
  })

  it('by name are the number that each destination pod gives it', () => {
    const web = (containerPort: number, protocol = 'TCP') => ({ ports: [{ name: 'web', containerPort, protocol }] })
    const two = [pod('default/a', 1, web(80)), pod('default/b', 2, web(8080)), pod('default/c', 3, web(80, 'UDP'))]
    const one = world({
      pods: [...two, pod('other/x', 9)],
      networkPolicies: [
        policy('p', { podSelector: {}, ingress: [{ ports: [{ port: 'web' }] }] }),
        policy('q', { podSelector: {}, policyTypes: ['Egress'], egress: [{ ports: [{ port: 'web' }] }] }, 'other'),
      ],
    })
    expect([80, 8080].map(port => ask(one, 'other/x', 'default/a', port))).toEqual([true, false])
    expect([80, 8080].map(port => ask(one, 'other/x', 'default/b', port))).toEqual([false, true])
    expect(ask(one, 'other/x', 'default/c', 80, { protocol: 'UDP' })).toBe(false)
    expect(ask(one, 'other/x', '203.0.113.1', 80)).toBe(false)
  })
})

describe('both families', () => {
  it('selectors hold in both, a network in its own', () => {
    const from = [{ podSelector: {} }, { ipBlock: { cidr: 'fd00:10::/120', except: ['fd00:10::6/128'] } }]
    const one = having(policy('p', { podSelector: {}, ingress: [{ from }] }))
    expect(ask(one, 'default/any', 'default/db', 80, { family: 6 })).toBe(true)
    expect(ask(one, 'mine/a', 'default/db', 80, { family: 6 })).toBe(true)
    expect(ask(one, 'yours/a', 'default/db', 80, { family: 6 })).toBe(false)
    expect(ask(one, 'mine/a', 'default/db', 80, { family: 4 })).toBe(false)
  })
})

// #networkpolicy-and-hostnetwork-pods
describe('pods of the host network', () => {
  const host = pod('default/host', 9, { labels: { role: 'frontend' }, node: 'n2', hostNetwork: true })

  it('are traffic of their node', () => {
    const from = [{ podSelector: { matchLabels: { role: 'frontend' } } }]
    const closed = policy('p', { podSelector: {}, ingress: [{ from }] })
    expect(ask({ ...having(closed), pods: [...pods, host] }, 'default/host', 'default/db')).toBe(false)
    const open = policy('p', { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '192.168.0.2/32' } }] }] })
    expect(ask({ ...having(open), pods: [...pods, host] }, 'default/host', 'default/db')).toBe(true)
    expect(ask({ ...having(closed), pods: [...pods, host] }, 'mine/a', 'default/host')).toBe(true)
  })
})
