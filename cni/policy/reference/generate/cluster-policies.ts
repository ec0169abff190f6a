import fc from 'fast-check'
import type { AdminPeer, AdminPort, AdminSubject, ClusterPolicy, ClusterProtocol } from '../objects.ts'
import { networks } from './networks.ts'
import { listening, portNames } from './pool.ts'
import { namespaceSelector, nodeSelector, podSelector } from './selectors.ts'

/** AdminNetworkPolicies, BaselineAdminNetworkPolicies and ClusterNetworkPolicies of every shape that the API's definitions accept. */

const some = <T>(element: fc.Arbitrary<T>, maxLength: number) => fc.array(element, { minLength: 1, maxLength })

const subject: fc.Arbitrary<AdminSubject> = fc.oneof(
  namespaceSelector.map(namespaces => ({ namespaces })),
  fc.record({ namespaceSelector, podSelector }).map(pods => ({ pods })),
)

/** Names of ports only go with pods as peers; nodes and networks have none. */
interface Shape<Port> {
  readonly peer: fc.Arbitrary<AdminPeer>
  readonly port: fc.Arbitrary<Port>
}

const otherPeer: fc.Arbitrary<AdminPeer> = fc.oneof(
  nodeSelector.map(nodes => ({ nodes })),
  fc.uniqueArray(networks, { minLength: 1, maxLength: 3 }).map(all => ({ networks: all })),
)

const ingressShapes = <Port>(number: fc.Arbitrary<Port>, name: fc.Arbitrary<Port>): Shape<Port>[] => [
  { peer: subject, port: fc.oneof({ weight: 2, arbitrary: number }, { weight: 1, arbitrary: name }) },
]
const egressShapes = <Port>(number: fc.Arbitrary<Port>, name: fc.Arbitrary<Port>): Shape<Port>[] => [
  ...ingressShapes(number, name),
  { peer: fc.oneof({ weight: 2, arbitrary: otherPeer }, { weight: 1, arbitrary: subject }), port: number },
]

interface Rule<Port> {
  readonly action: string
  readonly peers: readonly AdminPeer[]
  readonly ports: readonly Port[] | undefined
}

const rules = <Port>(shapes: readonly Shape<Port>[], actions: readonly string[]): fc.Arbitrary<Rule<Port>[]> =>
  fc.array(
    fc.constantFrom(...shapes).chain(({ peer, port }) =>
      fc.record({
        action: fc.constantFrom(...actions),
        peers: some(peer, 2),
        ports: fc.option(some(port, 2), { nil: undefined, freq: 2 }),
      }),
    ),
    { maxLength: 4, size: 'max' },
  )

const numbers = fc.constantFrom(...listening.TCP, 80)
const protocol = fc.constantFrom('TCP', 'UDP', 'TCP', 'UDP', 'SCTP')
const names = fc.constantFrom(...portNames, 'nobodys')
const range = fc
  .tuple(fc.constantFrom(1, 7000, 7080, 7081), fc.constantFrom(1, 2, 100, 58_000))
  .map(([start, more]) => ({ start, end: start + more }))

const oldNumber: fc.Arbitrary<AdminPort> = fc.oneof(
  numbers.map(port => ({ portNumber: { port } })),
  fc.record({ protocol, port: numbers }).map(portNumber => ({ portNumber })),
  fc.tuple(protocol, range).map(([kind, one]) => ({ portRange: { protocol: kind, ...one } })),
  range.map(portRange => ({ portRange })),
)
const oldName: fc.Arbitrary<AdminPort> = names.map(namedPort => ({ namedPort }))

const newNumber: fc.Arbitrary<ClusterProtocol> = fc
  .tuple(
    fc.constantFrom('tcp', 'udp', 'tcp', 'udp', 'sctp'),
    fc.oneof(
      numbers.map(number => ({ number })),
      range.map(one => ({ range: one })),
    ),
  )
  .map(([kind, destinationPort]) => ({ [kind]: { destinationPort } }))
const newName: fc.Arbitrary<ClusterProtocol> = names.map(destinationNamedPort => ({ destinationNamedPort }))

/** Fields by the names that a version of the API gives them. */
const written =
  <Port>(peers: 'from' | 'to', ports: 'ports' | 'protocols') =>
  (all: readonly Rule<Port>[]) =>
    all.map(one => ({
      action: one.action,
      [peers]: one.peers,
      ...(one.ports === undefined ? {} : { [ports]: one.ports }),
    }))

/** What denies is seen; what allows only where something else denies. */
const [allAlpha1, allAlpha2] = [
  ['Allow', 'Deny', 'Deny', 'Pass'],
  ['Accept', 'Deny', 'Deny', 'Pass'],
]

const alpha1 = (actions: readonly string[]) => ({
  subject,
  ingress: rules(ingressShapes(oldNumber, oldName), actions).map(written('from', 'ports')),
  egress: rules(egressShapes(oldNumber, oldName), actions).map(written('to', 'ports')),
})
const alpha2 = {
  subject,
  ingress: rules(ingressShapes(newNumber, newName), allAlpha2).map(written('from', 'protocols')),
  egress: rules(egressShapes(newNumber, newName), allAlpha2).map(written('to', 'protocols')),
}

/** The ends of what is allowed, neighbours, and some that several policies have. */
const priority = fc.constantFrom(0, 1, 2, 10, 10, 50, 999, 1000)

const [adminNames, clusterNames] = [
  ['a', 'b'],
  ['c', 'd', 'e'],
] as const

const adminPolicies: fc.Arbitrary<ClusterPolicy> = fc
  .tuple(fc.constantFrom(...adminNames), fc.record({ priority, ...alpha1(allAlpha1) }))
  .map(([name, spec]) => ({ kind: 'AdminNetworkPolicy', metadata: { name }, spec }))

/** There is one, and its name is that. */
const baselinePolicies: fc.Arbitrary<ClusterPolicy> = fc
  .record(alpha1(['Allow', 'Deny']))
  .map(spec => ({ kind: 'BaselineAdminNetworkPolicy', metadata: { name: 'default' }, spec }))

const clusterNetworkPolicies: fc.Arbitrary<ClusterPolicy> = fc
  .tuple(
    fc.constantFrom(...clusterNames),
    fc.record({ tier: fc.constantFrom('Admin', 'Baseline'), priority, ...alpha2 }),
  )
  .map(([name, spec]) => ({ kind: 'ClusterNetworkPolicy', metadata: { name }, spec }))

export const clusterPolicies: fc.Arbitrary<ClusterPolicy> = fc.oneof(
  { weight: 3, arbitrary: adminPolicies },
  { weight: 1, arbitrary: baselinePolicies },
  { weight: 4, arbitrary: clusterNetworkPolicies },
)

/** Keys (`Kind/name`) of all that may be generated. */
export const clusterPolicyKeys: readonly string[] = [
  ...adminNames.map(name => `AdminNetworkPolicy/${name}`),
  'BaselineAdminNetworkPolicy/default',
  ...clusterNames.map(name => `ClusterNetworkPolicy/${name}`),
]
