import { parseCidr } from '@ovnkit/inet'
import type { NetworkPolicy } from '@ovnkit/kube'
import { describe, expect, it } from 'vitest'
import { clusterPolicyFacts } from './admin/facts.ts'
import { planAdmin } from './admin/plan.ts'
import { placeOf } from './bands.ts'
import { networkPolicyFacts } from './facts/network-policy.ts'
import { groupId } from './group.ts'
import { subjectName } from './names.ts'
import { type RowContext, ruleRows } from './rows.ts'

const read = (name: string, spec: object) =>
  networkPolicyFacts({
    metadata: { namespace: 'ns', name },
    spec: { podSelector: {}, ...spec },
  } as unknown as NetworkPolicy)

const context: RowContext = {
  families: [4, 6],
  join: [parseCidr('100.64.0.0/16')],
  numbersOf: (_, { name }) => (name === 'http' ? [80, 8080] : []),
  coverOf: () => undefined,
  furtherPeers: () => [],
  placeOf: band => placeOf(band, false),
  loggingOf: () => ({}),
}

const { subject } = read('any', {})
const group = subjectName(subject)

/** The ACLs as `priority direction match action`, with the group called G. */
function rules(policies: ReturnType<typeof read>[], change: Partial<RowContext> = {}): string[] {
  return ruleRows(subject, policies, { ...context, ...change })
    .filter(({ table }) => table === 'ACL')
    .map(({ columns: { priority, direction, match, action } }) => `${priority} ${direction} ${match} ${action}`)
    .map(text => text.replaceAll(group, 'G'))
}

const isolated = '1000 to-lport outport == @G && ip drop'

describe('a rule with domain names', () => {
  const to = (rule: object) =>
    clusterPolicyFacts({
      metadata: { name: 'a' },
      spec: { subject: { namespaces: {} }, egress: [{ action: 'Accept', to: [rule] }] },
    })
  const options = (facts: ReturnType<typeof to>) =>
    [...planAdmin([facts], true).policies.values()].flatMap(policy =>
      ruleRows(policy.subject, [policy], { ...context, furtherPeers: () => ['192.0.2.1'] }).map(
        ({ columns }) => columns.options,
      ),
    )

  it('lets a connection go on whose address is forgotten, as no other rule does', () => {
    expect(options(to({ domainNames: ['www.example.com'] }))).toEqual([
      { 'apply-after-lb': 'true', 'persist-established': 'true' },
      { 'apply-after-lb': 'true', 'persist-established': 'true' },
    ])
    expect(options(to({ networks: ['192.0.2.1/32'] }))).toEqual([{ 'apply-after-lb': 'true' }])
  })
})

describe('the rows of the pods that policies select', () => {
  it('without rules nothing comes in', () => {
    expect(rules([read('a', {})])).toEqual([isolated])
  })

  it('a rule for everybody and everything is one ACL for both families', () => {
    expect(rules([read('a', { ingress: [{}] })])).toEqual(['1001 to-lport outport == @G && ip allow-related', isolated])
  })

  it('peers are one expression a family, ports one a protocol', () => {
    const from = [
      { podSelector: { matchLabels: { app: 'x' } } },
      { ipBlock: { cidr: '10.0.0.0/8', except: ['10.128.0.0/9'] } },
    ]
    const ports = [
      { port: 80 },
      { port: 90, endPort: 99 },
      { port: 95, endPort: 120 },
      { port: 100 },
      { protocol: 'UDP' },
    ]
    const [peer] = read('a', { ingress: [{ from }] }).rules[0]?.peers ?? []
    if (typeof peer === 'string' || peer?.kind !== 'pods') throw new Error('expected pods')
    const set = `$np_${groupId(peer.group)}`
    expect(rules([read('a', { ingress: [{ from, ports }] })])).toEqual([
      `1001 to-lport outport == @G && ip4.src == {${set}_v4, 10.0.0.0/9} && (tcp.dst == 80 || 90 <= tcp.dst <= 120) allow-related`,
      `1001 to-lport outport == @G && ip4.src == {${set}_v4, 10.0.0.0/9} && udp allow-related`,
      `1001 to-lport outport == @G && ip6.src == ${set}_v6 && (tcp.dst == 80 || 90 <= tcp.dst <= 120) allow-related`,
      `1001 to-lport outport == @G && ip6.src == ${set}_v6 && udp allow-related`,
      isolated,
    ])
  })

  it('a name is every number that it has, each for the pods in which it does', () => {
    const texts = rules([read('a', { ingress: [{ ports: [{ port: 'http' }, { port: 'nowhere' }] }] })])
    expect(texts).toHaveLength(3)
    expect(texts[0]).toMatch(/^1001 to-lport outport == @np_g[0-9a-f]{16} && tcp.dst == 80 allow-related$/)
    expect(texts[1]).toMatch(/ tcp.dst == 8080 /)
  })

  it('what pods send by a name is judged by the name at its destination', () => {
    const egress = [{ to: [{ podSelector: {} }, { ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 'http' }] }]
    const texts = rules([read('a', { policyTypes: ['Egress'], egress })], { families: [4] })
    expect(texts).toHaveLength(5)
    expect(texts[0]).toMatch(/^1001 from-lport inport == @G && ip4.dst == \$np_\w+_v4 && tcp.dst == 80 allow-related$/)
    expect(texts[2]).toMatch(/ ip4.dst == 10.0.0.0\/8 && ip4.dst == \$np_\w+_v4 && tcp.dst == 80 /)
  })

  it('equal rules of several policies are one row, which names them', () => {
    const rows = ruleRows(subject, [read('b', { ingress: [{}] }), read('a', { ingress: [{}] })], context)
    const ids = rows.flatMap(({ table, columns }) => (table === 'ACL' ? [columns.external_ids] : []))
    expect(ids).toEqual([
      { 'zstack.io/policies': 'NetworkPolicy/ns/a NetworkPolicy/ns/b' },
      { 'zstack.io/policies': 'NetworkPolicy/ns/a NetworkPolicy/ns/b' },
    ])
  })

  it('a rule that stays keeps its row when others come', () => {
    const keys = (...policies: ReturnType<typeof read>[]) => ruleRows(subject, policies, context).map(({ key }) => key)
    const few = keys(read('b', { ingress: [{ ports: [{ port: 80 }] }] }))
    const more = keys(read('a', { ingress: [{}] }), read('b', { ingress: [{ ports: [{ port: 80 }] }] }))
    expect(more).toEqual(expect.arrayContaining(few))
  })

  it('nodes are met by the addresses that stand for them', () => {
    const ingress = [{ from: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['192.168.0.1/32'] } }] }]
    const coverOf = () => ({ apart: true, addresses: ['100.64.0.3' as never] })
    const [text = ''] = rules([read('a', { ingress })], { coverOf })
    expect(text).toContain('100.64.0.3')
    expect(text).not.toContain('100.64.0.0/10')
    expect(text).toContain('100.65.0.0/16')
  })

  it('egress is judged behind the balancers', () => {
    const rows = ruleRows(subject, [read('a', { policyTypes: ['Egress'] })], context)
    expect(rows.at(-1)?.columns).toMatchObject({ options: { 'apply-after-lb': 'true' }, direction: 'from-lport' })
  })

  it('tells its decisions as loudly as is asked for', () => {
    const rows = ruleRows(subject, [read('a', { ingress: [{}] })], {
      ...context,
      loggingOf: () => ({ deny: 'info' }),
    })
    expect(rows.at(-1)?.columns).toMatchObject({ log: true, severity: 'info', name: 'NetworkPolicy/ns/a' })
    expect(rows.at(-2)?.columns).toMatchObject({ log: false, severity: [] })
  })
})
