import type { NetworkPolicy } from '@ovnkit/kube'
import { describe, expect, it } from 'vitest'
import { anything, parseSelector } from '../selector.ts'
import { networkPolicyFacts } from './network-policy.ts'

/** As the API sends it, where the client's types call `from` by another name. */
const read = (spec: object) =>
  networkPolicyFacts({ metadata: { namespace: 'ns', name: 'p', uid: 'u' }, spec } as unknown as NetworkPolicy)

describe('a NetworkPolicy', () => {
  it('isolates for ingress, and for egress if it has egress rules, where it does not say', () => {
    expect(read({ podSelector: {} }).isolates).toEqual(['ingress'])
    expect(read({ podSelector: {}, egress: [] }).isolates).toEqual(['ingress'])
    expect(read({ podSelector: {}, egress: [{}] }).isolates).toEqual(['ingress', 'egress'])
    expect(read({ podSelector: {}, policyTypes: ['Egress'] }).isolates).toEqual(['egress'])
  })

  it('has no rules for directions that it is not about', () => {
    expect(read({ podSelector: {}, policyTypes: ['Egress'], ingress: [{}], egress: [{}] }).rules).toEqual([
      { direction: 'egress', action: 'allow', peers: 'everybody', ports: 'all' },
    ])
  })

  it('is about the pods of its namespace that it selects; without requirements about all', () => {
    expect(read({ podSelector: {} }).subject).toEqual({ namespaces: { name: 'ns' }, pods: anything })
    expect(read({}).subject).toEqual({ namespaces: { name: 'ns' }, pods: anything })
  })

  it('tells its peers by namespace, by selectors, by both, by block', () => {
    const app = { matchLabels: { app: 'a' } }
    const team = { matchLabels: { team: 't' } }
    const from = [
      { podSelector: app },
      { namespaceSelector: team },
      { namespaceSelector: {}, podSelector: app },
      { ipBlock: { cidr: '10.1.2.3/8', except: ['10.1.0.0/16'] } },
    ]
    const { rules, problems } = read({ podSelector: {}, ingress: [{ from }] })
    expect(problems).toEqual([])
    expect(rules[0]?.peers).toMatchObject([
      { kind: 'pods', group: { namespaces: { name: 'ns' }, pods: parseSelector(app) } },
      { kind: 'pods', group: { namespaces: { selector: parseSelector(team) }, pods: anything } },
      { kind: 'pods', group: { namespaces: { selector: anything }, pods: parseSelector(app) } },
      { kind: 'block', cidr: { text: '10.0.0.0/8' }, except: [{ text: '10.1.0.0/16' }] },
    ])
  })

  it('reads ports by number, name, range, and protocol alone', () => {
    const ports = [{}, { port: 80 }, { protocol: 'UDP', port: 'dns' }, { protocol: 'SCTP', port: 1000, endPort: 2000 }]
    expect(read({ podSelector: {}, ingress: [{ ports }] }).rules[0]?.ports).toEqual([
      { protocol: 'TCP' },
      { protocol: 'TCP', port: 80 },
      { protocol: 'UDP', name: 'dns' },
      { protocol: 'SCTP', port: 1000, endPort: 2000 },
    ])
  })

  it.each([
    [{ from: [{}] }, 'spec.ingress[0].from[0]: expected podSelector'],
    [{ from: [{ ipBlock: { cidr: '10.0.0.0/40' } }] }, 'spec.ingress[0].from[0]: expected a prefix length'],
    [
      { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }] },
      'expected exceptions inside of 10.0.0.0/8',
    ],
    [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }, 'expected ipBlock alone'],
    [{ ports: [{ port: 0 }] }, 'spec.ingress[0].ports[0]: expected a port number of 1 to 65535, got 0'],
    [{ ports: [{ port: 80, endPort: 79 }] }, 'expected endPort to be 80 or more'],
    [{ ports: [{ endPort: 79 }] }, 'endPort needs a port'],
    [{ ports: [{ port: 'http', endPort: 79 }] }, 'endPort needs a number'],
    [{ ports: [{ protocol: 'ICMP' }] }, 'expected protocol TCP, UDP or SCTP, got "ICMP"'],
  ])('lets nothing through by a part that says nothing, and names it: %j', (rule, problem) => {
    const { rules, problems, isolates } = read({ podSelector: {}, ingress: [rule] })
    expect(isolates).toEqual(['ingress'])
    expect(problems).toEqual([expect.stringContaining(problem)])
    expect([rules[0]?.peers, rules[0]?.ports]).toContainEqual([])
  })
})
