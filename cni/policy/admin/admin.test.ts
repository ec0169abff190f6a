import { describe, expect, it } from 'vitest'
import { adminPolicyFacts, baselinePolicyFacts, clusterPolicyFacts } from './facts.ts'
import type { AdminNetworkPolicy, ClusterNetworkPolicy } from './objects.ts'
import { planAdmin } from './plan.ts'

const all = { namespaces: {} }

function anp(name: string, spec: AdminNetworkPolicy['spec'], created = '2026-01-01T00:00:00Z') {
  return adminPolicyFacts({
    metadata: { name, uid: name, creationTimestamp: created },
    spec: { subject: all, ...spec },
  })
}

function cnp(name: string, spec: ClusterNetworkPolicy['spec']) {
  return clusterPolicyFacts({ metadata: { name, uid: name }, spec: { subject: all, ...spec } })
}

describe('objects in normal form', () => {
  it('has subjects, peers and ports of v1alpha1', () => {
    const facts = anp('a', {
      priority: 7,
      subject: { pods: { namespaceSelector: { matchLabels: { a: 'b' } }, podSelector: { matchLabels: { c: 'd' } } } },
      ingress: [
        {
          name: 'web',
          action: 'Allow',
          from: [{ namespaces: { matchLabels: { x: 'y' } } }],
          ports: [
            { portNumber: { port: 80 } },
            { portRange: { protocol: 'UDP', start: 1, end: 9 } },
            { namedPort: 'http' },
          ],
        },
      ],
      egress: [
        { action: 'Pass', to: [{ networks: ['10.0.0.1/8', 'fd00::/8'] }, { nodes: { matchLabels: { n: 'm' } } }] },
      ],
    })
    expect(facts).toMatchObject({ band: 'admin', priority: 7, problems: [] })
    expect(facts.subject).toEqual({
      namespaces: { selector: [{ key: 'a', operator: 'In', values: ['b'] }] },
      pods: [{ key: 'c', operator: 'In', values: ['d'] }],
    })
    const [first, second] = facts.rules
    expect(first).toMatchObject({
      title: 'ingress rule 1 "web"',
      rule: { direction: 'ingress', action: 'allow', peers: [{ kind: 'pods' }] },
    })
    expect(first?.rule.ports).toEqual([
      { protocol: 'TCP', port: 80 },
      { protocol: 'UDP', port: 1, endPort: 9 },
      { protocol: 'TCP', name: 'http' },
      { protocol: 'UDP', name: 'http' },
      { protocol: 'SCTP', name: 'http' },
    ])
    expect(second?.rule).toMatchObject({ action: 'pass', ports: 'all' })
    expect(second?.rule.peers).toMatchObject([
      { kind: 'block', cidr: { text: '10.0.0.0/8' } },
      { kind: 'block', cidr: { text: 'fd00::/8' } },
      { kind: 'nodes' },
    ])
  })

  it('has tier and protocols of v1alpha2', () => {
    const facts = cnp('a', {
      tier: 'Baseline',
      priority: 3,
      egress: [
        {
          action: 'Accept',
          to: [all],
          protocols: [
            { sctp: { destinationPort: { number: 5 } } },
            { tcp: { destinationPort: { range: { start: 1, end: 2 } } } },
          ],
        },
      ],
    })
    expect(facts).toMatchObject({ band: 'baseline', priority: 3, problems: [] })
    expect(facts.rules[0]?.rule).toMatchObject({
      action: 'allow',
      ports: [
        { protocol: 'SCTP', port: 5 },
        { protocol: 'TCP', port: 1, endPort: 2 },
      ],
    })
  })
})

describe('what is not understood fails closed, and is told', () => {
  const rule = (action: string, to: object) =>
    cnp('a', { priority: 1, egress: [{ action, to: [to, { networks: ['10.0.0.0/8'] }] }] })

  it('allows nothing by it, and denies everything by it', () => {
    const allowing = rule('Accept', { domainNames: ['example'] })
    expect(allowing.rules[0]?.rule.peers).toEqual([])
    expect(allowing.problems).toEqual([
      'egress rule 1: expected a domain name like www.example.com or *.example.com, got "example"',
    ])
    const denying = rule('Deny', { somethingNew: true })
    expect(denying.rules[0]?.rule).toEqual({ direction: 'egress', action: 'deny', peers: 'everybody', ports: 'all' })
    expect(rule('Pass', {}).rules[0]?.rule).toMatchObject({ action: 'deny', peers: 'everybody' })
    expect(rule('Hope', all).rules[0]?.rule).toMatchObject({ action: 'deny', peers: 'everybody' })
  })

  it('allows by domain names, and denies nobody by them: what they stand for is never known whole', () => {
    const allowing = rule('Accept', { domainNames: ['www.Example.org.', '*.example.org', 'www.example.org'] })
    expect(allowing.rules[0]?.rule.peers[0]).toEqual({ kind: 'domains', names: ['*.example.org', 'www.example.org'] })
    expect(allowing.problems).toEqual([])
    const denying = rule('Deny', { domainNames: ['example.org'] })
    expect(denying.rules[0]?.rule).toMatchObject({ action: 'deny', peers: 'everybody' })
    expect(denying.problems).toEqual([
      'egress rule 1: expected action Accept or Allow for domainNames, got one that would deny',
    ])
  })

  it('takes no addresses as sources', () => {
    const facts = anp('a', { priority: 1, ingress: [{ action: 'Allow', from: [{ networks: ['10.0.0.0/8'] }] }] })
    expect(facts.rules[0]?.rule.peers).toEqual([])
    expect(facts.problems).toEqual(['ingress rule 1: expected namespaces or pods as a peer of ingress, got neither'])
  })

  it('a policy without a subject is refused as a whole', () => {
    const plan = planAdmin([anp('a', { priority: 1, subject: {}, ingress: [{ action: 'Deny', from: [all] }] })], true)
    expect(plan.policies.size).toBe(0)
    expect(plan.verdicts.get('AdminNetworkPolicy/a')).toMatchObject({
      refused: true,
      problems: ['subject: expected namespaces or pods, got neither'],
    })
  })
})

describe('the place among others', () => {
  const deny = { egress: [{ action: 'Deny', to: [all] }] }
  const allow = { egress: [{ action: 'Allow', to: [all] }] }

  it('is by priority over both kinds, and of one priority the older first', () => {
    const { policies } = planAdmin(
      [
        anp('late', { priority: 5, ...deny }, '2026-02-01T00:00:00Z'),
        anp('early', { priority: 5, ...deny }),
        cnp('c', { priority: 4, ...deny }),
      ],
      true,
    )
    const order = [...policies].toSorted(([, a], [, b]) => a.rank - b.rank).map(([key]) => key)
    expect(order).toEqual(['ClusterNetworkPolicy/c', 'AdminNetworkPolicy/early', 'AdminNetworkPolicy/late'])
  })

  it('of the baseline policy without a priority is behind all of the baseline', () => {
    const banp = baselinePolicyFacts({ metadata: { name: 'default' }, spec: { subject: all, ...deny } })
    const { policies } = planAdmin([banp, cnp('c', { tier: 'Baseline', priority: 1000, ...deny })], false)
    const [own, other] = [policies.get('BaselineAdminNetworkPolicy/default'), policies.get('ClusterNetworkPolicy/c')]
    expect(own?.rank).toBeGreaterThan(other?.rank ?? 0)
  })

  it('tells of others with one priority that judge the same pods differently', () => {
    const some = { subject: { namespaces: { matchLabels: { a: 'b' } } } }
    const others = { subject: { namespaces: { matchLabels: { a: 'c' } } } }
    const { verdicts } = planAdmin(
      [
        anp('a', { priority: 5, ...some, ...deny }),
        anp('b', { priority: 5, ...allow }),
        anp('c', { priority: 5, ...others, ...deny }),
      ],
      true,
    )
    const conflicts = (name: string) => verdicts.get(`AdminNetworkPolicy/${name}`)?.conflicts
    expect(conflicts('a')).toEqual(['AdminNetworkPolicy/b'])
    expect(conflicts('b')).toEqual(['AdminNetworkPolicy/a', 'AdminNetworkPolicy/c'])
  })

  it('says for which policies there is no room', () => {
    const rules = Array.from({ length: 25 }, () => ({ action: 'Deny', to: [all] }))
    const many = Array.from({ length: 33 }, (_, i) => cnp(`c${i}`, { tier: 'Baseline', priority: i, egress: rules }))
    const { verdicts, policies } = planAdmin(many, false)
    expect(policies.size).toBe(32)
    expect(verdicts.get('ClusterNetworkPolicy/c32')).toMatchObject({ refused: true })
  })
})

describe('Pass', () => {
  const passing = anp('a', {
    priority: 1,
    egress: [
      { action: 'Allow', to: [all] },
      { action: 'Pass', to: [all] },
      { action: 'Allow', to: [all] },
      { action: 'Deny', to: [all] },
    ],
    ingress: [{ action: 'Allow', from: [all] }],
  })

  it('is carried out where there are tiers', () => {
    const { policies, verdicts } = planAdmin([passing], true)
    expect(policies.get('AdminNetworkPolicy/a')?.rules[2]?.action).toBe('pass')
    expect(verdicts.get('AdminNetworkPolicy/a')?.problems).toEqual([])
  })

  it('is refused where there are none, with what it would shield from', () => {
    const { policies, verdicts } = planAdmin([passing], false)
    const peers = policies.get('AdminNetworkPolicy/a')?.rules.map(rule => rule.peers.length)
    expect(peers).toEqual([1, 1, 0, 0, 1])
    expect(verdicts.get('AdminNetworkPolicy/a')?.problems).toEqual([
      'egress rule 2: Pass needs OVN 23.06 or newer (ACLs with tiers); it and what is allowed after it is left out',
    ])
  })

  it('in the baseline allows: nobody comes after it', () => {
    const { policies, verdicts } = planAdmin(
      [cnp('a', { tier: 'Baseline', priority: 1, egress: [{ action: 'Pass', to: [all] }] })],
      false,
    )
    expect(policies.get('ClusterNetworkPolicy/a')?.rules[0]?.action).toBe('allow')
    expect(verdicts.get('ClusterNetworkPolicy/a')?.problems).toEqual([])
  })
})
