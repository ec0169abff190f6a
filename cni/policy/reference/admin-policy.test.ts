import { describe, expect, it } from 'vitest'
import type { AdminNetworkPolicy, ClusterNetworkPolicy, World } from './objects.ts'
import { ask, namespace, pod, policy, world } from './testing-world.ts'

const pods = [
  pod('sensitive/a', 1, { labels: { app: 'x' } }),
  pod('tenant-1/a', 2),
  pod('tenant-2/a', 3, { ports: [{ name: 'dns', containerPort: 53, protocol: 'UDP' }] }),
]
const namespaces = [
  namespace('sensitive', { sensitive: 'yes' }),
  namespace('tenant-1', { tenant: '1' }),
  namespace('tenant-2', { tenant: '2' }),
]
const having = (parts: Partial<World>) => world({ pods, namespaces, ...parts })
const everywhere = { namespaces: {} }

type Spec = AdminNetworkPolicy['spec']
const admin = (name: string, spec: Partial<Spec>): AdminNetworkPolicy => ({
  metadata: { name },
  spec: { priority: 50, subject: everywhere, ...spec },
})
const cluster = (name: string, spec: Partial<ClusterNetworkPolicy['spec']>): ClusterNetworkPolicy => ({
  metadata: { name },
  spec: { tier: 'Admin', priority: 50, subject: everywhere, ...spec },
})

const sensitive = { namespaces: { matchLabels: { sensitive: 'yes' } } }
const denyAll = [{ action: 'Deny', from: [everywhere] }]
const allowAll = [{ action: 'Allow', from: [everywhere] }]
const passAll = [{ action: 'Pass', from: [everywhere] }]
const open = policy('open', { podSelector: {}, ingress: [{}] }, 'sensitive')
const shut = policy('shut', { podSelector: {} }, 'sensitive')
const enter = (one: World) => ask(one, 'tenant-1/a', 'sensitive/a')

// Actions: AdminNetworkPolicyIngressRule.action
describe('AdminNetworkPolicy', () => {
  const rules = (ingress: Spec['ingress'], parts: Partial<World> = {}) =>
    having({ adminNetworkPolicies: [admin('a', { subject: sensitive, ingress })], ...parts })

  it('allows and denies whatever NetworkPolicies say', () => {
    expect(enter(rules(denyAll, { networkPolicies: [open] }))).toBe(false)
    expect(enter(rules(allowAll, { networkPolicies: [shut] }))).toBe(true)
  })

  it('passes to NetworkPolicies, and where none selects the pod to the baseline', () => {
    expect(enter(rules(passAll, { networkPolicies: [shut] }))).toBe(false)
    const baselineAdminNetworkPolicies = [admin('default', { ingress: denyAll })]
    expect(enter(rules(passAll, { baselineAdminNetworkPolicies }))).toBe(false)
    expect(enter(rules(passAll, { baselineAdminNetworkPolicies, networkPolicies: [open] }))).toBe(true)
  })

  it('goes by the order of rules, then of priorities', () => {
    expect(enter(rules([...passAll, ...denyAll]))).toBe(true)
    const two = (first: number, second: number) =>
      having({
        adminNetworkPolicies: [
          admin('a', { priority: first, ingress: denyAll }),
          admin('b', { priority: second, ingress: allowAll }),
        ],
      })
    expect(enter(two(1, 2))).toBe(false)
    expect(enter(two(2, 1))).toBe(true)
    expect(enter(two(2, 2))).toBe('unspecified')
  })

  it('concerns pods of the cluster as sources, not nodes and the outside', () => {
    expect(ask(rules(denyAll), '203.0.113.1', 'sensitive/a')).toBe(true)
    expect(ask(rules(denyAll), 'n1', 'sensitive/a')).toBe(true)
  })

  it('knows ports by number, range and name', () => {
    const ports = [
      { portNumber: { protocol: 'UDP', port: 7 } },
      { namedPort: 'dns' },
      { portRange: { start: 90, end: 99 } },
    ]
    const egress = [{ action: 'Deny', to: [everywhere], ports }]
    const one = having({ adminNetworkPolicies: [admin('a', { egress })] })
    const to = (port: number, protocol: 'TCP' | 'UDP' = 'TCP') =>
      ask(one, 'tenant-1/a', 'tenant-2/a', port, { protocol })
    expect([to(7), to(7, 'UDP'), to(53), to(53, 'UDP')]).toEqual([true, false, true, false])
    expect([to(89), to(90), to(99), to(100)]).toEqual([true, false, false, true])
  })

  it('knows nodes, networks and names as destinations', () => {
    const denied = (peer: object, to: string) =>
      ask(
        having({
          adminNetworkPolicies: [admin('a', { egress: [{ action: 'Deny', to: [peer] }] })],
          names: { 'www.kubernetes.io': ['203.0.113.7'] },
        }),
        'tenant-1/a',
        to,
      )
    expect(denied({ nodes: { matchLabels: { 'kubernetes.io/hostname': 'n2' } } }, 'n2')).toBe(false)
    expect(denied({ nodes: { matchLabels: { 'kubernetes.io/hostname': 'n2' } } }, 'n1')).toBe(true)
    expect(denied({ networks: ['0.0.0.0/0'] }, 'tenant-2/a')).toBe(false)
    expect(denied({ networks: ['::/0'] }, 'tenant-2/a')).toBe(true)
    expect(denied({ domainNames: ['*.kubernetes.io'] }, '203.0.113.7')).toBe(false)
    expect(denied({ domainNames: ['kubernetes.io'] }, '203.0.113.7')).toBe(true)
    expect(denied({ domainNames: ['*.www.kubernetes.io'] }, '203.0.113.7')).toBe(true)
  })

  // AdminNetworkPolicyIngressPeer
  it('fails closed at a peer that is not known', () => {
    expect(enter(rules([{ action: 'Deny', from: [{}] }]))).toBe(false)
    expect(enter(rules([{ action: 'Pass', from: [{}] }]))).toBe(false)
    expect(enter(rules([{ action: 'Allow', from: [{}] }], { networkPolicies: [shut] }))).toBe(false)
  })
})

// ClusterNetworkPolicySpec.tier
describe('ClusterNetworkPolicy', () => {
  const accept = [{ action: 'Accept', from: [everywhere] }]

  it('decides before and after NetworkPolicies, by its tier', () => {
    const tiered = (tier: string, ingress: typeof accept, parts: Partial<World> = {}) =>
      having({ clusterNetworkPolicies: [cluster('c', { tier, ingress })], ...parts })
    expect(enter(tiered('Admin', denyAll, { networkPolicies: [open] }))).toBe(false)
    expect(enter(tiered('Baseline', denyAll, { networkPolicies: [open] }))).toBe(true)
    expect(enter(tiered('Baseline', denyAll))).toBe(false)
    expect(enter(tiered('Baseline', accept, { networkPolicies: [shut] }))).toBe(false)
  })

  it('passes from one tier to the next, and from the last to the default', () => {
    const clusterNetworkPolicies = [
      cluster('skip', { priority: 1, ingress: passAll }),
      cluster('never', { priority: 2, ingress: denyAll }),
      cluster('last', { tier: 'Baseline', priority: 1, ingress: passAll }),
      cluster('too-late', { tier: 'Baseline', priority: 2, ingress: denyAll }),
    ]
    expect(enter(having({ clusterNetworkPolicies }))).toBe(true)
  })

  it('comes before the baseline policy of the older version, whatever its priority', () => {
    const baselineAdminNetworkPolicies = [admin('default', { priority: undefined, ingress: denyAll })]
    const before = (action: string) =>
      having({
        baselineAdminNetworkPolicies,
        clusterNetworkPolicies: [
          cluster('c', { tier: 'Baseline', priority: 1000, ingress: [{ action, from: [everywhere] }] }),
        ],
      })
    expect(enter(before('Accept'))).toBe(true)
    expect(enter(having({ baselineAdminNetworkPolicies }))).toBe(false)
  })

  it('knows protocols with and without ports', () => {
    const protocols = [{ udp: {} }, { tcp: { destinationPort: { range: { start: 1, end: 9 } } } }]
    const ingress = [{ action: 'Deny', from: [everywhere], protocols }]
    const one = having({ clusterNetworkPolicies: [cluster('c', { ingress })] })
    const answers = [9, 10].map(port => ask(one, 'tenant-1/a', 'sensitive/a', port))
    expect(answers).toEqual([false, true])
    expect(ask(one, 'tenant-1/a', 'sensitive/a', 10, { protocol: 'UDP' })).toBe(false)
    expect(ask(one, 'tenant-1/a', 'sensitive/a', 10, { protocol: 'SCTP' })).toBe(true)
  })

  it('selects its subject by namespace and by pod', () => {
    const pod = { namespaceSelector: {}, podSelector: { matchLabels: { app: 'x' } } }
    const one = having({ clusterNetworkPolicies: [cluster('c', { subject: { pods: pod }, ingress: denyAll })] })
    expect(enter(one)).toBe(false)
    expect(ask(one, 'tenant-1/a', 'tenant-2/a')).toBe(true)
  })
})
