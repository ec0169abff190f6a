import {
  groupId,
  inGroup,
  needsOf,
  networkPolicyFacts,
  numberOf,
  type PodGroup,
  type Policy,
  policyKey,
  withPort,
} from '@ovnkit/cni-policy'
import type { NetworkPolicy } from '@ovnkit/kube'
import { Store } from '@ovnkit/reconcile'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { NamespaceFacts } from '../facts/namespace.ts'
import type { PodFacts } from '../facts/pod.ts'
import { numbersKey } from './memberships.ts'
import { PolicyPlanner } from './planner.ts'

const names = ['a', 'b', 'c'] as const
const name = fc.constantFrom(...names)
const labels = fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2'), { maxKeys: 2 })
const selector = fc.oneof(
  fc.record({ matchLabels: labels }),
  fc.record({
    matchExpressions: fc.array(
      fc.record({
        key: fc.constantFrom('x', 'y'),
        operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
        values: fc.constantFrom(['1'], ['1', '2']),
      }),
      { maxLength: 2 },
    ),
  }),
)
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ namespaceSelector: selector, podSelector: selector }),
  fc.constant({ ipBlock: { cidr: '10.0.0.0/8' } }),
)
const port = fc.constantFrom({ port: 'web' }, { port: 'dns', protocol: 'UDP' }, { port: 80 })
const rule = (end: 'from' | 'to') =>
  fc.record({ [end]: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) })
const spec = fc.record({
  podSelector: selector,
  ingress: fc.array(rule('from'), { maxLength: 2 }),
  egress: fc.array(rule('to'), { maxLength: 2 }),
})
const numbered = fc.record({ web: fc.constantFrom(0, 80, 8080), dns: fc.constantFrom(0, 53) })
const event = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('policy' as const), namespace: name, name, spec }) },
  fc.record({ kind: fc.constant('no policy' as const), namespace: name, name }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pod' as const),
      namespace: name,
      name,
      labels,
      numbered,
      ended: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant('no pod' as const), namespace: name, name }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('namespace' as const), name, labels }) },
  fc.record({ kind: fc.constant('no namespace' as const), name }),
)
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never

class World {
  readonly pods = new Store<PodFacts>({ name: 'pods' })
  readonly namespaces = new Store<NamespaceFacts>({ name: 'namespaces' })
  readonly policies = new Store<Policy>({ name: 'policies' })

  apply(one: Event): void {
    switch (one.kind) {
      case 'policy': {
        const { namespace, name, spec } = one
        const policy = networkPolicyFacts({ metadata: { namespace, name }, spec } as unknown as NetworkPolicy)
        return void this.policies.set(policyKey(policy), policy)
      }
      case 'no policy':
        return void this.policies.delete(`NetworkPolicy/${one.namespace}/${one.name}`)
      case 'pod':
        return void this.pods.set(`${one.namespace}/${one.name}`, podOf(one))
      case 'no pod':
        return void this.pods.delete(`${one.namespace}/${one.name}`)
      case 'namespace':
        return void this.namespaces.set(one.name, {
          uid: '',
          labels: one.labels,
          securityGroups: undefined,
          logging: {},
          problems: [],
        })
      case 'no namespace':
        return void this.namespaces.delete(one.name)
    }
  }

  planner(): PolicyPlanner {
    const planner = new PolicyPlanner({ ...this, settled: () => Promise.resolve() })
    planner.start()
    return planner
  }
}

function podOf({ namespace, name, labels, numbered, ended }: Extract<Event, { kind: 'pod' }>): PodFacts {
  const { web, dns } = numbered
  const ports: PodFacts['ports'] = [
    ...(web === 0 ? [] : [{ protocol: 'TCP' as const, name: 'web', number: web }]),
    ...(dns === 0 ? [] : [{ protocol: 'UDP' as const, name: 'dns', number: dns }]),
  ]
  const facts = { uid: name, objectUid: name, node: 'n', created: 0, hostPorts: [], annotations: {} }
  return { ...facts, namespace, name, labels, ended, ports }
}

/** Every pod against every group of every policy. */
function bruteForce({ pods, namespaces, policies }: World) {
  const subjects = new Map<string, Set<string>>()
  const peers = new Map<string, Set<string>>()
  const numbers = new Map<string, Set<number>>()
  const sets = new Set<string>()
  const groups = new Set<string>()
  const add = <T>(map: Map<string, Set<T>>, key: string, value: T) =>
    map.set(key, (map.get(key) ?? new Set<T>()).add(value))
  for (const [, policy] of policies.entries()) {
    for (const { group, as, names } of needsOf(policy)) {
      const into = as === 'subject' ? subjects : peers
      if (as === 'peer') sets.add(groupId(group))
      if (as === 'subject') groups.add(groupId(group))
      for (const [key, pod] of pods.entries()) {
        const labels = namespaces.get(pod.namespace)?.labels
        if (labels === undefined || pod.ended || !inGroup(group, pod, labels)) continue
        if (as !== 'named') add(into, key, groupId(group))
        for (const one of names) {
          const number = numberOf(pod, one.protocol, one.name)
          if (number === undefined) continue
          const numbered: PodGroup = withPort(group, { ...one, number })
          add(into, key, groupId(numbered))
          add(numbers, numbersKey(group, one), number)
          ;(as === 'subject' ? groups : sets).add(groupId(numbered))
        }
      }
    }
  }
  return {
    subjects: listed(subjects),
    peers: listed(peers),
    numbers: listed(numbers),
    sets: [...sets].sort(),
    groups: [...groups].sort(),
  }
}

const listed = <T extends string | number>(map: Map<string, Set<T>>) =>
  Object.fromEntries([...map].map(([key, values]) => [key, [...values].sort((a, b) => (a < b ? -1 : 1))]))

function found({ memberships }: PolicyPlanner) {
  const dump = <V>(store: Store<V>) => Object.fromEntries(store.entries())
  return {
    subjects: dump(memberships.subjects),
    peers: dump(memberships.peers),
    numbers: dump(memberships.numbers),
    sets: [...memberships.sets.keys()].sort(),
    groups: [...memberships.groups.keys()].sort(),
  }
}

const turn = () => new Promise<void>(resolve => setImmediate(resolve))

it('knows, after any changes in any order, who is in which group, as if it had looked at everything', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 30 }), async events => {
      const world = new World()
      using planner = world.planner()
      for (const one of events) world.apply(one)
      await turn()
      expect(found(planner)).toEqual(bruteForce(world))
      using another = world.planner()
      expect(found(another)).toEqual(bruteForce(world))
      expect([...planner.subjects.keys()].sort()).toEqual([...another.subjects.keys()].sort())
    }),
    { numRuns: 300 },
  )
})

it('never lets go of pods before the rules that need them are gone', async () => {
  const world = new World()
  const done = Promise.withResolvers<void>()
  using planner = new PolicyPlanner({ ...world, settled: () => done.promise })
  planner.start()
  const spec = { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }], egress: [] }
  world.apply({ kind: 'namespace', name: 'a', labels: {} })
  world.apply({ kind: 'pod', namespace: 'a', name: 'a', labels: {}, numbered: { web: 0, dns: 0 }, ended: false })
  world.apply({ kind: 'policy', namespace: 'a', name: 'a', spec } as unknown as Event)
  const before = found(planner)
  expect(before.peers).toHaveProperty('a/a')
  world.apply({ kind: 'no policy', namespace: 'a', name: 'a' })
  expect(planner.subjects.size).toBe(0)
  expect(found(planner)).toEqual(before)
  done.resolve()
  await turn()
  expect(found(planner)).toEqual({ subjects: {}, peers: {}, numbers: {}, sets: [], groups: [] })
})
