import fc from 'fast-check'
import type { Namespace, Node, World } from '../objects.ts'
import { type AddressOf, resolved } from './place.ts'
import { networkPolicies, podLabels, policyKeys, spaceLabels } from './policies.ts'
import { pool, spaces } from './pool.ts'
import { type Change, changed, type Situation } from './situation.ts'

const aPod = fc.constantFrom(...pool.map(({ key }) => key))

/** Changes of a cluster: mostly policies, then labels, then pods. */
export const changes: fc.Arbitrary<Change> = fc.oneof(
  { weight: 8, arbitrary: networkPolicies.map(policy => ({ kind: 'policy' as const, policy })) },
  { weight: 3, arbitrary: policyKeys.map(policy => ({ kind: 'policy removed' as const, policy })) },
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
)

/** The pool with labels that tell its pods apart, and no policies. */
export const beginning: Situation = {
  namespaces: new Map(spaces.map((name, i) => [name, { team: i < 2 ? 'r' : 's', env: i % 2 === 0 ? 't' : 'u' }])),
  pods: new Map(
    pool.map(({ key }, i) => [key, { app: ['a', 'b', 'c', 'a'][i % 4] ?? 'a', tier: i % 2 === 0 ? 'x' : '' }]),
  ),
  policies: new Map(),
}

/** Situations that some changes lead to. */
export const situations: fc.Arbitrary<Situation> = fc
  .array(changes, { maxLength: 12 })
  .map(all => all.reduce(changed, beginning))

/** Raw objects of a situation, as an API server would have them. */
export function worldOf(
  { namespaces, pods, policies }: Situation,
  nodes: readonly Node[],
  addressOf: AddressOf,
): World {
  return {
    nodes,
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
