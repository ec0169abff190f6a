import { explain, networkPolicyFacts, type PodEnd, policyKey, ruleRows } from '@ovnkit/cni-policy'
import { parseIp } from '@ovnkit/inet'
import type { NetworkPolicy } from '@ovnkit/kube'
import { expect, it } from 'vitest'
import { type AclRow, aclsOf } from './acls.ts'
import { answerOf } from './answer.ts'
import { countsOf, parseCounts } from './counters.ts'
import { formatAnswer } from './text.ts'

const pod = (name: string, address: string): PodEnd => ({
  kind: 'pod',
  namespace: 'shop',
  name,
  labels: { app: name },
  ports: name === 'db' ? [{ protocol: 'TCP', name: 'sql', number: 5432 }] : [],
  namespaceLabels: {},
  node: 'n1',
  address: parseIp(address),
})

const policy = networkPolicyFacts({
  metadata: { namespace: 'shop', name: 'db' },
  spec: {
    podSelector: { matchLabels: { app: 'db' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 'sql' }] }],
  },
} as unknown as NetworkPolicy)

const rows = ruleRows(policy.subject, [policy], {
  families: [4, 6],
  join: [],
  numbersOf: () => [5432, 5433],
  coverOf: () => undefined,
  furtherPeers: () => [],
  placeOf: () => ({ tier: 2, top: 1001, slots: 2 }),
  loggingOf: () => ({}),
})
  .filter(({ table }) => table === 'ACL')
  .map(({ columns }, i) => ({
    ...columns,
    _uuid: `uuid-${i}`,
    external_ids: new Map([['zstack.io/policies', policyKey(policy)]]),
  }))

const metrics = `# TYPE zstack_ovn_kubernetes_network_policy_packets_total counter
zstack_ovn_kubernetes_network_policy_packets_total{kind="NetworkPolicy",namespace="shop",policy="db",direction="ingress",verdict="allow"} 12
zstack_ovn_kubernetes_network_policy_bytes_total{kind="NetworkPolicy",namespace="shop",policy="db",direction="ingress",verdict="deny"} 99
`

const question = (name: string) =>
  ({ from: pod(name, '10.0.0.1'), to: pod('db', '10.0.0.2'), protocol: 'TCP', port: 5432 }) as const

function answer(name: string, told = true) {
  const explanation = explain([policy], question(name))
  const context = { tiers: true, family: 4 as const, numberOf: () => 5432 }
  return answerOf({
    question: question(name),
    explanation,
    service: undefined,
    aclsOf: (ruling, { direction }) =>
      aclsOf(ruling, direction, rows as unknown as AclRow[], context).map(acl => ({ ...acl, cookies: ['0x1'] })),
    countsOf: (ruling, side) => countsOf(ruling, side, told ? parseCounts(metrics) : undefined),
    trace: undefined,
  })
}

it('names rule, ACL and counter of what is let through, and no other row of the policy', () => {
  const text = formatAnswer(answer('web'))
  expect(text).toContain('shop/web -> shop/db tcp/5432: allowed')
  expect(text).toContain(
    'isolated by NetworkPolicy/shop/db\n            allow by ingress rule 1 of NetworkPolicy/shop/db',
  )
  expect(text.match(/ACL .*/g)).toHaveLength(1)
  expect(text).toMatch(/ACL uuid-\d tier 2 to-lport 1001 allow-related: .*ip4\.src == .*tcp\.dst == 5432/)
  expect(text).toContain('flows on n1: ovs-ofctl dump-flows br-int cookie=0x1/-1')
})

const series = (verdict: string) =>
  `zstack_ovn_kubernetes_network_policy_packets_total{kind="NetworkPolicy",namespace="shop",policy="db",direction="ingress",verdict="${verdict}"}`

it('says what has been counted of the same kind, or that nobody tells', () => {
  expect(formatAnswer(answer('web'))).toContain(`counted on n1: ${series('allow')} 12`)
  expect(formatAnswer(answer('other'))).toContain(`counted on n1: ${series('deny')} 0`)
  expect(formatAnswer(answer('other', false))).toContain(`counts on n1 (which does not tell): ${series('deny')}\n`)
})

it('names who isolates, and who would have to allow', () => {
  const { allowed, needed, sides } = answer('other')
  expect(allowed).toBe(false)
  expect(sides[1]?.bands[1]?.acls).toMatchObject([{ priority: 1000, action: 'drop' }])
  expect(needed).toHaveLength(1)
  expect(needed[0]).toContain('NetworkPolicy of namespace shop')
  expect(needed[0]).toContain('has to let in ingress from shop/other on TCP port 5432')
})
