import fc from 'fast-check'
import type { AdminNetworkPolicy, ClusterNetworkPolicy } from '../admin/objects.ts'
import { spaces } from '../testing.ts'

/** Policies of the cluster about the pods of the pool, of every shape that the API accepts. */

const podSelector = fc.constantFrom(
  {},
  { matchLabels: { app: 'a' } },
  { matchLabels: { tier: 'x' } },
  { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['b'] }] },
)
const namespaceSelector = fc.oneof(
  fc.constantFrom({}, { matchLabels: { team: 'r' } }, { matchExpressions: [{ key: 'env', operator: 'Exists' }] }),
  fc.constantFrom(...spaces).map(name => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })),
)
const subject = fc.oneof(
  namespaceSelector.map(namespaces => ({ namespaces })),
  fc.record({ namespaceSelector, podSelector }).map(pods => ({ pods })),
)
const nodes = fc.constantFrom({}, { matchLabels: { zone: 'one' } }, { matchLabels: { zone: 'two' } })
const networks = fc.constantFrom(['0.0.0.0/0'], ['10.244.0.0/29', 'fd00::/8'], ['203.0.113.0/24'], ['192.168.7.0/31'])
const peerOfEgress = fc.oneof(
  { weight: 4, arbitrary: subject },
  { weight: 1, arbitrary: nodes.map(one => ({ nodes: one })) },
  { weight: 1, arbitrary: networks.map(one => ({ networks: one })) },
  // What the API may have one day, and we do not know.
  { weight: 1, arbitrary: fc.constant({}) },
)

const ports = fc.oneof(
  fc.constantFrom(8080, 8081, 80).map(port => ({ portNumber: { port } })),
  fc.constantFrom('web', 'dns', 'alt').map(namedPort => ({ namedPort })),
  fc.constantFrom('TCP', 'UDP').map(protocol => ({ portRange: { protocol, start: 8081, end: 8082 } })),
)
const protocols = fc.oneof(
  fc.constantFrom(8080, 8081).map(number => ({ tcp: { destinationPort: { number } } })),
  fc.constantFrom(8080, 8081).map(start => ({ udp: { destinationPort: { range: { start, end: 9000 } } } })),
  fc.constantFrom('web', 'dns').map(destinationNamedPort => ({ destinationNamedPort })),
)

const some = <T>(element: fc.Arbitrary<T>) => fc.array(element, { minLength: 1, maxLength: 2 })
const maybe = <K extends string, T>(key: K, value: fc.Arbitrary<T>) =>
  fc.oneof(
    fc.constant({}),
    value.map((one): object => ({ [key]: one })),
  )

const rule = (
  actions: readonly string[],
  peers: readonly ['from' | 'to', fc.Arbitrary<object>],
  more: fc.Arbitrary<object>,
) =>
  fc
    .tuple(fc.constantFrom(...actions), some(peers[1]), more)
    .map(([action, list, rest]) => ({ action, [peers[0]]: list, ...rest }))

const rulesOf = (actions: readonly string[], more: fc.Arbitrary<object>) => ({
  ingress: fc.array(rule(actions, ['from', subject], more), { maxLength: 3 }),
  egress: fc.array(rule(actions, ['to', peerOfEgress], more), { maxLength: 3 }),
})

const priority = fc.constantFrom(0, 1, 5, 5, 999, 1000)
const old = maybe('ports', some(ports))

const adminPolicy = fc.record({ subject, priority, ...rulesOf(['Allow', 'Deny', 'Pass'], old) })
const baselinePolicy = fc.record({ subject, ...rulesOf(['Allow', 'Deny'], old) })
const clusterPolicy = fc.record({
  subject,
  priority,
  tier: fc.constantFrom('Admin', 'Baseline'),
  ...rulesOf(['Accept', 'Deny', 'Pass'], maybe('protocols', some(protocols))),
})

interface ClusterPolicies {
  readonly admin: readonly AdminNetworkPolicy[]
  readonly baseline: readonly AdminNetworkPolicy[]
  readonly cluster: readonly ClusterNetworkPolicy[]
}

const named = <T>(prefix: string, specs: readonly T[]) =>
  specs.map((spec, i) => ({ metadata: { name: `${prefix}${i}`, uid: `${prefix}${i}` }, spec }))

export const clusterPolicies: fc.Arbitrary<ClusterPolicies> = fc
  .tuple(
    fc.array(adminPolicy, { maxLength: 2 }),
    fc.array(baselinePolicy, { maxLength: 1 }),
    fc.array(clusterPolicy, { maxLength: 2 }),
  )
  .map(([admin, baseline, cluster]) => ({
    admin: named('anp', admin),
    baseline: named('banp', baseline),
    cluster: named('cnp', cluster),
  }))
