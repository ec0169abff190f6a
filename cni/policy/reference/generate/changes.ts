import fc from 'fast-check'
import type { Labels, Namespace, Node, World } from '../objects.ts'
import { clusterPolicies, clusterPolicyKeys } from './cluster-policies.ts'
import { type AddressOf, resolved, resolvedClusterPolicy } from './place.ts'
import { networkPolicies, policyKeys } from './policies.ts'
import { pool, spaces } from './pool.ts'
import { nodeKeys, nodeLabels, podLabels, spaceLabels } from './selectors.ts'
import { type Change, changed, type Situation } from './situation.ts'

const aPod = fc.constantFrom(...pool.map(({ key }) => key))

/** NetworkPolicies alone, policies of the cluster alone, or all kinds beside each other. */
export type Kinds = 'network' | 'cluster' | 'mixed'

const ofNetworkPolicies: fc.WeightedArbitrary<Change>[] = [
  { weight: 8, arbitrary: networkPolicies.map(policy => ({ kind: 'policy' as const, policy })) },
  { weight: 3, arbitrary: policyKeys.map(policy => ({ kind: 'policy removed' as const, policy })) },
]

const ofClusterPolicies: fc.WeightedArbitrary<Change>[] = [
  { weight: 9, arbitrary: clusterPolicies.map(policy => ({ kind: 'cluster policy' as const, policy })) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...clusterPolicyKeys)
      .map(policy => ({ kind: 'cluster policy removed' as const, policy })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('n1', 'n2'), nodeLabels)
      .map(([node, labels]) => ({ kind: 'node labelled' as const, node, labels })),
  },
]

const ofOthers: fc.WeightedArbitrary<Change>[] = [
  {
    weight: 3,
    arbitrary: fc.tuple(aPod, podLabels).map(([pod, labels]) => ({ kind: 'pod labelled' as const, pod, labels })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...spaces), spaceLabels)
      .map(([namespace, labels]) => ({ kind: 'namespace labelled' as const, namespace, labels })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(aPod, podLabels).map(([pod, labels]) => ({ kind: 'pod comes or goes' as const, pod, labels })),
  },
]

/** Changes of a cluster: mostly policies, then labels, then pods. */
export const changes: Readonly<Record<Kinds, fc.Arbitrary<Change>>> = {
  network: fc.oneof(...ofNetworkPolicies, ...ofOthers),
  cluster: fc.oneof(...ofClusterPolicies, ...ofOthers),
  mixed: fc.oneof(...ofNetworkPolicies, ...ofClusterPolicies, ...ofOthers),
}

/** The pool with labels that tell its pods apart, and no policies. */
export const beginning: Situation = {
  namespaces: new Map(spaces.map((name, i) => [name, { team: i < 2 ? 'r' : 's', env: i % 2 === 0 ? 't' : 'u' }])),
  pods: new Map(
    pool.map(({ key }, i) => [key, { app: ['a', 'b', 'c', 'a'][i % 4] ?? 'a', tier: i % 2 === 0 ? 'x' : '' }]),
  ),
  policies: new Map(),
  nodes: new Map([
    ['n1', { rack: '1' }],
    ['n2', { rack: '2' }],
  ]),
  clusterPolicies: new Map(),
}

/** Situations that some changes lead to. */
export const situations = (kinds: Kinds): fc.Arbitrary<Situation> =>
  fc.array(changes[kinds], { maxLength: 12 }).map(all => all.reduce(changed, beginning))

/** Raw objects of a situation, as an API server would have them. */
export function worldOf(situation: Situation, nodes: readonly Node[], addressOf: AddressOf): World {
  const { namespaces, pods, policies } = situation
  return {
    ...clusterPoliciesOf(situation, addressOf),
    nodes: nodes.map(node => ({
      ...node,
      metadata: { ...node.metadata, labels: nodeLabelsOf(node, situation) },
    })),
    namespaces: [...namespaces].map(
      ([name, labels]): Namespace => ({
        metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } },
      }),
    ),
    pods: pool.flatMap(({ key, node, ports }) => {
      const labels = pods.get(key)
      const [namespace = '', name = ''] = key.split('/')
      const podIPs = ([4, 6] as const).flatMap(family => addressOf(key, family) ?? []).map(ip => ({ ip }))
      const spec = { nodeName: node, containers: [{ ports }] }
      return labels === undefined ? [] : [{ metadata: { namespace, name, labels }, spec, status: { podIPs } }]
    }),
    networkPolicies: [...policies.values()].map(policy => resolved(policy, addressOf)),
  }
}

/** A node's own labels, and those that the situation gives it. */
function nodeLabelsOf({ metadata }: Node, { nodes }: Situation): Labels {
  const own = Object.entries(metadata?.labels ?? {}).filter(([key]) => !(key in nodeKeys))
  return { ...Object.fromEntries(own), ...nodes.get(metadata?.name ?? '') }
}

function clusterPoliciesOf({ clusterPolicies: all }: Situation, addressOf: AddressOf) {
  const policies = [...all.values()].map(policy => resolvedClusterPolicy(policy, addressOf))
  return {
    adminNetworkPolicies: policies.filter(policy => policy.kind === 'AdminNetworkPolicy'),
    baselineAdminNetworkPolicies: policies.filter(policy => policy.kind === 'BaselineAdminNetworkPolicy'),
    clusterNetworkPolicies: policies.filter(policy => policy.kind === 'ClusterNetworkPolicy'),
  }
}
