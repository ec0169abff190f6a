import { type AdminFacts, networkPolicyFacts, type Policy } from '@ovnkit/cni-policy'
import type { ServiceFacts } from '@ovnkit/cni-service'
import { type IpAddress, parseCidr, parseIp } from '@ovnkit/inet'
import type { NetworkPolicy } from '@ovnkit/kube'
import { type ElementSpec, Engine, type RowSpec, Store } from '@ovnkit/reconcile'
import { EagerClock, MemoryObject, MemoryTarget } from '@ovnkit/reconcile/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { NamespaceFacts } from '../facts/namespace.ts'
import type { NodeFacts } from '../facts/node.ts'
import type { PodFacts } from '../facts/pod.ts'
import { network } from '../ipam/allocator.fixture.ts'
import type { Assignment } from '../ipam/assignment.ts'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import type { RowMaker } from '../ovn/cluster-rows.ts'
import type { Network } from '../subnet/network.ts'
import type { ResolvedFacts } from './domains/facts.ts'
import { policyKinds, policyMemberships } from './kinds.ts'
import { Policies } from './policies.ts'

const join = [parseCidr('100.64.0.0/16')]
const pods: readonly string[] = ['p0', 'p1', 'p2', 'p3']
const addressOf = (pod: string): IpAddress => parseIp(`10.0.0.${pods.indexOf(pod) + 2}`)

/** Rows and elements of the Northbound database in memory. */
const nb: RowMaker = {
  row: ({ table, key, columns }: RowSpec) => new MemoryObject('nb', `${table} ${key}`, columns) as never,
  element: ({ row, column, value }: ElementSpec) =>
    new MemoryObject('nb', `member ${row.key} ${value}`, column, {
      shared: true,
      needs: [`${row.table} ${row.key}`],
    }) as never,
  ref: (_, key) => key,
}

/** Pods of one namespace, their policies, and an engine that commits a few owners at a time. */
function newWorld(owners: number) {
  const sources = {
    pods: new Store<PodFacts>({ name: 'pods' }),
    nodes: new Store<NodeFacts, 'chassis'>({ name: 'nodes', indexes: { chassis: node => [node.chassis] } }),
    joins: new Store<JoinPlace>({ name: 'joins' }),
    namespaceFacts: new Store<NamespaceFacts>({ name: 'namespaces' }),
    networkPolicies: new Store<Policy>({ name: 'network policies' }),
    services: new Store<ServiceFacts>({ name: 'services' }),
    resolvedNames: new Store<ResolvedFacts>({ name: 'resolved names' }),
    adminPolicies: new Store<AdminFacts>({ name: 'policies of the cluster' }),
    networks: new Store<Network>({ name: 'networks' }),
    assignments: new Store<Assignment, 'network'>({ name: 'assignments', indexes: { network: () => [] } }),
  }
  sources.networks.set('n', network('n', '10.0.0.0/24'))
  sources.namespaceFacts.set('ns', { uid: '', labels: {}, securityGroups: undefined, logging: {}, problems: [] })
  for (const store of Object.values(sources)) store.markSynced()
  const policies = new Policies({
    config: {
      networkPolicy: { alwaysAllowDNS: false, logRate: 20, dnsServers: [] },
      network: { joinCIDR: join },
    },
    sources,
    networks: sources.networks,
    joins: sources.joins,
    tiers: false,
    settled: () => engine.settled(),
  })
  policies.start()
  const world = { ...sources, join, policy: policies.world }
  const target = new MemoryTarget('nb', { owners })
  const engine = new Engine({
    owners: [
      ...policyKinds(world, nb),
      {
        kind: 'pod',
        keys: sources.pods,
        order: 3,
        render: (key, view) => ({
          kind: 'objects',
          objects: policyMemberships(world, key, `pod/${key}/${key.slice(3)}`, view).map(spec => nb.element(spec)),
        }),
      },
    ],
    targets: [target],
    clock: new EagerClock(),
  })
  return { sources, engine, target }
}

/** Who reaches whom by the rows that are there: pairs of pods. */
function reached(content: MemoryTarget['content']): Set<string> {
  const rules = [...content].flatMap(([key, { value }]) => (key.startsWith('ACL ') ? [ruleOf(value)] : []))
  const isIn = (group: string, member: string) => content.has(`member ${group} ${member}`)
  const lets = (direction: string, pod: string, other: string) => {
    const mine = rules.filter(rule => rule.direction === direction && isIn(rule.group, `pod/ns/${pod}/${pod}`))
    const met = mine.filter(({ sets }) => sets === undefined || sets.some(set => isIn(set, addressOf(other))))
    return met.length === 0 || met.some(({ allows }) => allows)
  }
  const pairs = pods.flatMap(from => pods.filter(to => to !== from).map(to => [from, to] as const))
  return new Set(
    pairs
      .filter(([from, to]) => lets('from-lport', from, to) && lets('to-lport', to, from))
      .map(([from, to]) => `${from} -> ${to}`),
  )
}

function ruleOf(columns: unknown) {
  const { direction, match, action } = columns as { direction: string; match: string; action: string }
  const [, group = '', rest = ''] = /^(?:in|out)port == @(\w+) && (.*)$/.exec(match) ?? []
  const all = rest === 'ip'
  // Rules about nodes, hairpins and DHCP name no set: nobody here meets them.
  const sets = all ? undefined : [...rest.matchAll(/\$(\w+)/g)].map(([, name = '']) => name)
  return { direction, group, sets, allows: action !== 'drop' }
}

const app = fc.constantFrom('x', 'y')
const peer = fc.constantFrom(
  { podSelector: {} },
  { podSelector: { matchLabels: { app: 'x' } } },
  { podSelector: { matchLabels: { app: 'y' } } },
  { podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['x', 'y'] }] } },
  { namespaceSelector: {} },
  { namespaceSelector: {}, podSelector: { matchLabels: { app: 'x' } } },
)
const peers = fc.array(peer, { maxLength: 2 })
const change = fc.record({
  policy: fc.constantFrom('a', 'b'),
  // Pods that a policy selects are taken one by one where it comes to select others, so this stays.
  from: fc.array(peers, { maxLength: 2 }),
  to: fc.array(peers, { maxLength: 2 }),
  types: fc.constantFrom(['Ingress'], ['Egress'], ['Ingress', 'Egress']),
  present: fc.boolean(),
})

const selected = { a: {}, b: { matchLabels: { app: 'x' } } }

function apply(
  store: Store<Policy>,
  { policy: name, from, to, types: policyTypes, present }: typeof change extends fc.Arbitrary<infer C> ? C : never,
) {
  if (!present) return void store.delete(`ns/${name}`)
  const ingress = from.map(list => ({ from: list }))
  const egress = to.map(list => ({ to: list }))
  const spec = { podSelector: selected[name], policyTypes, ingress, egress }
  store.set(`ns/${name}`, networkPolicyFacts({ metadata: { namespace: 'ns', name }, spec } as unknown as NetworkPolicy))
}

it('what old and new rules allow is allowed, and what both deny is denied, at every step of every change of a policy', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(app, { minLength: pods.length, maxLength: pods.length }),
      fc.array(change, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 3 }),
      async (apps, changes, owners) => {
        const { sources, engine, target } = newWorld(owners)
        for (const [i, name] of pods.entries()) {
          const facts = { uid: name, objectUid: name, node: 'n', created: 0, ended: false, hostPorts: [], ports: [] }
          sources.pods.set(`ns/${name}`, {
            ...facts,
            namespace: 'ns',
            name,
            labels: { app: apps[i] ?? '' },
            annotations: {},
          })
          const addresses = [addressOf(name)]
          sources.assignments.set(`ns/${name}`, { state: 'assigned', uid: name, node: 'n', network: 'n', addresses })
        }
        let steps: Set<string>[] = []
        target.gate = async () => void steps.push(reached(target.content))
        engine.start()
        await engine.settled()
        for (const one of changes) {
          const before = reached(target.content)
          steps = []
          apply(sources.networkPolicies, one)
          await engine.settled()
          const after = reached(target.content)
          for (const step of steps) {
            const dropped = [...before].filter(pair => after.has(pair) && !step.has(pair))
            const leaked = [...step].filter(pair => !before.has(pair) && !after.has(pair))
            expect({ dropped, leaked }).toEqual({ dropped: [], leaked: [] })
          }
        }
        engine[Symbol.dispose]()
      },
    ),
    { numRuns: 150 },
  )
})
