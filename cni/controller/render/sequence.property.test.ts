import { annotationNames, ovnNames } from '@ovnkit/cni-api'
import { type AdminFacts, clusterPolicyFacts, networkPolicyFacts, type Policy } from '@ovnkit/cni-policy'
import type { ServiceFacts, SliceFacts } from '@ovnkit/cni-service'
import { type Cidr, hostAddress, parseCidr, parseIp } from '@ovnkit/inet'
import type { KubeDesires, NetworkPolicy, ObjectRef } from '@ovnkit/kube'
import type { OvnRow } from '@ovnkit/ovn'
import { type Desired, type ElementSpec, Engine, Store } from '@ovnkit/reconcile'
import {
  EagerClock,
  expandSequence,
  MemoryObject,
  MemoryTarget,
  type Step,
  type World,
} from '@ovnkit/reconcile/testing'
import fc from 'fast-check'
import { it } from 'vitest'
import type { NamespaceFacts } from '../facts/namespace.ts'
import { healthyNode } from '../facts/node.fixture.ts'
import type { NodeFacts } from '../facts/node.ts'
import type { PodFacts } from '../facts/pod.ts'
import type { ProviderFacts } from '../facts/provider.ts'
import type { SubnetFacts } from '../facts/subnet.ts'
import { network } from '../ipam/allocator.fixture.ts'
import type { Assignment, Usage } from '../ipam/assignment.ts'
import type { JoinPlace } from '../ipam/join-addresses.ts'
import type { ForeignGroup } from '../ovn/port-groups.ts'
import type { TunnelVerdict } from '../ovn/tunnel.ts'
import { type ResolvedFacts, resolvedFacts } from '../policy/domains/facts.ts'
import { Policies } from '../policy/policies.ts'
import { service } from '../service/service.fixture.ts'
import type { Network } from '../subnet/network.ts'
import type { Verdict } from '../subnet/plan.ts'
import type { Reachable } from './interconnect.ts'
import { ownerKinds } from './kinds.ts'

const cluster = parseCidr('10.244.0.0/16')
const join = [parseCidr('100.64.0.0/16'), parseCidr('fd98::/64')]

/** The stores that renders read, filled by the test, and targets in memory. */
function newSources() {
  const sources = {
    pods: new Store<PodFacts>({ name: 'pods' }),
    nodes: new Store<NodeFacts, 'chassis'>({ name: 'nodes', indexes: { chassis: node => [node.chassis] } }),
    subnets: new Store<SubnetFacts>({ name: 'subnets' }),
    networks: new Store<Network>({ name: 'networks' }),
    providers: new Store<ProviderFacts>({ name: 'providers' }),
    namespaceGroups: new Store<string>({ name: 'groups of namespaces' }),
    portGroups: new Store<ForeignGroup>({ name: 'port groups' }),
    namespaceFacts: new Store<NamespaceFacts>({ name: 'namespaces' }),
    networkPolicies: new Store<Policy>({ name: 'network policies' }),
    adminPolicies: new Store<AdminFacts>({ name: 'policies of the cluster' }),
    bypasses: new Store<readonly string[]>({ name: 'bypasses' }),
    verdicts: new Store<Verdict>({ name: 'verdicts' }),
    assignments: new Store<Assignment, 'network'>({
      name: 'assignments',
      indexes: { network: one => (one.state === 'assigned' ? [one.network] : []) },
    }),
    usage: new Store<Usage>({ name: 'usage' }),
    joins: new Store<JoinPlace>({ name: 'joins' }),
    reachable: new Store<Reachable>({ name: 'reachable' }),
    tunnel: new Store<TunnelVerdict>({ name: 'tunnel' }),
    services: new Store<ServiceFacts>({ name: 'services' }),
    slices: new Store<SliceFacts, 'service'>({ name: 'slices', indexes: { service: ({ service }) => [service] } }),
    zones: new Store<string>({ name: 'zones' }),
    resolvedNames: new Store<ResolvedFacts>({ name: 'resolved names' }),
    serviceRanges: new Store<readonly Cidr[]>({ name: 'service ranges' }),
  }
  sources.namespaceFacts.set('ns', namespaceOf({}, {}))
  sources.serviceRanges.set('services', [parseCidr('10.96.0.0/16')])
  for (const one of Object.values(subnets)) sources.networks.set(one.key, one)
  for (const store of Object.values(sources)) store.markSynced()
  const config = { networkPolicy: { alwaysAllowDNS: false, logRate: 20, dnsServers: [] } }
  const policies = new Policies({
    config: { ...config, network: { joinCIDR: join } },
    sources,
    networks: sources.networks,
    joins: sources.joins,
    tiers: true,
    settled: () => Promise.resolve(),
  })
  policies.start()
  const nb = new MemoryTarget('nb', { owners: 4 })
  const kubernetes = new MemoryTarget('kubernetes', { inFlight: 4, owners: 1 })
  return { ...sources, policy: policies.world, nb, kubernetes }
}

type Sources = ReturnType<typeof newSources>

class RenderWorld implements World {
  readonly engine: Engine
  readonly sources: Sources

  constructor(sources: Sources) {
    this.sources = sources
    const engine: Engine = new Engine({
      owners: ownerKinds(
        {
          ...sources,
          get outcomes() {
            return engine.statusStore
          },
          join,
          templates: true,
          affinity: 'timeout',
          dhcpMtu: 0,
          cluster: [cluster],
          names: ovnNames(''),
        },
        { nb: memoryNb, kube: memoryKube },
      ),
      targets: [sources.nb, sources.kubernetes],
      clock: new EagerClock(),
    })
    this.engine = engine
  }

  another(): World {
    return new RenderWorld(this.sources)
  }

  dump(): unknown {
    return [this.sources.nb.dump(), this.sources.kubernetes.dump()]
  }
}

function memoryRow(row: OvnRow): ReturnType<Parameters<typeof ownerKinds>[1]['nb']['row']> {
  const needs = row.parent?.key === undefined ? [] : [`${row.parent.table} ${row.parent.key}`]
  return new MemoryObject('nb', `${row.table} ${row.key}`, row.columns, { needs }) as never
}

function memoryElement({ row, column, value, key }: ElementSpec): never {
  const needs = [`${row.table} ${row.key}`]
  const name = `${row.table} ${row.key} ${column} ${key ?? value}`
  return new MemoryObject('nb', name, value, { needs, shared: key === undefined }) as never
}

const memoryNb = { row: memoryRow, element: memoryElement, ref: (table: string, key: string) => `${table} ${key}` }

const object = (part: string, ref: ObjectRef | string, value: unknown): never => {
  const name = typeof ref === 'string' ? ref : `${ref.resource.plural}/${ref.namespace ?? ''}/${ref.name}`
  const desired: Desired = new MemoryObject('kubernetes', `${part} ${name}`, value)
  return desired as never
}

const memoryKube: KubeDesires = {
  annotations: (ref, values) => object('annotations', ref, values),
  status: (ref, status) => object('status', ref, status),
  object: (_, one) => object('object', one.metadata?.name ?? '', one),
  finalizer: (ref, finalizer) => object('finalizer', ref, finalizer),
}

const names = ['a', 'b', 'c'] as const
const name = fc.constantFrom(...names)
const subnets = {
  a: network('a', '10.244.0.0/16'),
  b: network('b', '10.1.0.0/24'),
  c: network('c', '10.2.0.0/24,fd00::/64'),
}

/** Steps as data, so that a counterexample can be read. */
const event = fc.oneof(
  // Networks stay: a pod whose network is gone keeps what it has, which depends on the past.
  fc.record({ kind: fc.constant('network' as const), name, by: name }),
  fc.record({
    kind: fc.constant('node' as const),
    name,
    address: fc.integer({ min: 1, max: 3 }),
    present: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('pod' as const),
    name,
    uid: fc.integer({ min: 1, max: 2 }),
    ended: fc.boolean(),
    published: fc.boolean(),
    rate: fc.constantFrom(undefined, '1M', '2M', 'odd'),
    app: name,
    port: fc.constantFrom(80, 8080),
    present: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('namespace' as const),
    name: fc.constantFrom('ns', 'other'),
    team: name,
    loud: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('policy' as const),
    name,
    app: name,
    peer: fc.constantFrom('pods', 'namespaces', 'block', 'everybody'),
    by: fc.constantFrom('name', 'number', 'all'),
    egress: fc.boolean(),
    present: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('cluster-policy' as const),
    name,
    app: name,
    priority: fc.constantFrom(0, 1),
    action: fc.constantFrom('Accept', 'Deny', 'Pass'),
    to: fc.constantFrom('pods', 'nodes', 'domains'),
    present: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('resolved' as const),
    name,
    of: fc.constantFrom('example.org', '*.example.org', 'example.net'),
    addresses: fc.uniqueArray(fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1')),
    present: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('address' as const),
    name,
    on: name,
    host: fc.integer({ min: 2, max: 9 }),
    uid: fc.integer({ min: 1, max: 2 }),
  }),
  fc.record({
    kind: fc.constant('subnet' as const),
    name,
    deleting: fc.boolean(),
    used: fc.integer({ min: 0, max: 2 }),
    present: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('zone' as const), name, zone: fc.constantFrom('x', 'y'), present: fc.boolean() }),
  fc.record({
    kind: fc.constant('service' as const),
    name,
    local: fc.boolean(),
    external: fc.boolean(),
    dual: fc.boolean(),
    ports: fc.integer({ min: 1, max: 3 }),
    affinity: fc.constantFrom(0, 10),
    present: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('slice' as const),
    name,
    of: name,
    family: fc.constantFrom(4 as const, 6 as const),
    states: fc.array(fc.constantFrom('ready' as const, 'draining' as const, 'down' as const), { maxLength: 3 }),
    hinted: fc.boolean(),
    present: fc.boolean(),
  }),
)
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never

const put = <V>(store: Store<V>, key: string, present: boolean, value: V) =>
  void (present ? store.set(key, value) : store.delete(key))

const apply: { readonly [K in Event['kind']]: (sources: Sources, event: Extract<Event, { kind: K }>) => void } = {
  network: ({ networks }, { name, by }) => void networks.set(subnets[name].key, { ...subnets[name], subnet: by }),
  node({ nodes, joins }, { name, address, present }) {
    const addresses = [parseIp(`192.168.0.${address}`)]
    put(nodes, name, present, healthyNode(name, { addresses, internal: addresses, chassis: `${name}-chassis` }))
    const index = names.indexOf(name)
    put(joins, name, present, { addresses: [hostAddress(parseCidr('100.64.0.0/16'), index + 2)], index })
  },
  pod: ({ pods }, { name, uid, ended, published, rate, app, port, present }) =>
    put(pods, `ns/${name}`, present, {
      namespace: 'ns',
      name,
      uid: `u${uid}`,
      objectUid: `u${uid}`,
      node: 'a',
      created: 0,
      ended,
      labels: { app },
      ports: [{ protocol: 'TCP', name: 'http', number: port }],
      hostPorts: published ? [{ hostIp: undefined, hostPort: 8080, containerPort: 80, protocol: 'TCP' }] : [],
      annotations: rate === undefined ? {} : { [annotationNames.pod.egressBandwidth]: rate },
    }),
  namespace: ({ namespaceFacts }, { name, team, loud }) =>
    void namespaceFacts.set(name, namespaceOf({ team }, loud ? { allow: 'info' } : {})),
  policy({ networkPolicies }, { name, app, peer, by, egress, present }) {
    const rules = [{ [egress ? 'to' : 'from']: peersOf[peer], ports: portsOf[by] }]
    const spec = { podSelector: { matchLabels: { app } }, [egress ? 'egress' : 'ingress']: rules }
    const policy = { metadata: { namespace: 'ns', name }, spec } as unknown as NetworkPolicy
    put(networkPolicies, `ns/${name}`, present, networkPolicyFacts(policy))
  },
  'cluster-policy'({ adminPolicies }, { name, app, priority, action, to, present }) {
    const subject = { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app } } } }
    const rules = [
      { action, to: [clusterPeers[to]], protocols: [{ destinationNamedPort: 'http' }] },
      { action, to: [clusterPeers[to]] },
    ]
    const policy = { metadata: { name, uid: name }, spec: { tier: 'Admin', priority, subject, egress: rules } }
    put(adminPolicies, `ClusterNetworkPolicy/${name}`, present, clusterPolicyFacts(policy))
  },
  resolved(sources, { name, of, addresses, present }) {
    const until = '2999-01-01T00:00:00Z'
    const status = { names: [{ name: of, addresses: addresses.map(address => ({ address, until })) }] }
    const object = { metadata: { name }, spec: { names: [], servers: [], pods: [] }, status }
    put(sources.resolvedNames, name, present, resolvedFacts(object))
  },
  address({ assignments }, { name, on, host, uid }) {
    const { key, ranges } = subnets[on]
    const addresses = ranges.map(range => hostAddress(range, host))
    put(assignments, `ns/${name}`, true, { state: 'assigned', uid: `u${uid}`, node: 'a', network: key, addresses })
  },
  subnet(sources, { name, deleting, used, present }) {
    const { key } = subnets[name]
    const spec = { cidr: key, gateway: '10.0.0.1' }
    put(sources.subnets, name, present, {
      name,
      uid: name,
      created: 0,
      generation: 1,
      deleting,
      automatic: name === 'a',
      spec,
    })
    put(sources.verdicts, name, present, { kind: 'accepted', network: key })
    put(sources.usage, key, present, {
      used,
      available: 9,
      portsLimit: undefined,
      excludedInUse: [],
      conflicts: [],
      machines: [],
      inUse: true,
    })
  },
  zone: ({ zones }, { name, zone, present }) => put(zones, name, present, zone),
  service({ services }, { name, local, external, dual, ports: count, affinity, present }) {
    const index = names.indexOf(name) + 1
    const clusterIPs = [`10.96.0.${index}`, ...(dual ? [`fd96::${index}`] : [])].map(parseIp)
    const change = { clusterIPs, ports: ports.slice(0, count), internalLocal: local, externalLocal: external, affinity }
    put(services, `ns/${name}`, present, service({ namespace: 'ns', name, ...change }))
  },
  slice({ slices }, { name, of, family, states, hinted, present }) {
    put(slices, `ns/${name}`, present, {
      service: `ns/${of}`,
      family,
      ports: ports.map(port => ({ ...port, port: 8000 + names.indexOf(name) })),
      endpoints: states.map((state, i) => ({
        address: parseIp(family === 4 ? `10.244.0.${i + 1}` : `fd00::${i + 1}`),
        state,
        node: names[i] ?? '',
        hints: hinted ? { zones: [i === 0 ? 'x' : 'y'], nodes: [] } : undefined,
      })),
      ignored: [],
    })
  },
}

const peersOf = {
  pods: [{ podSelector: { matchLabels: { app: 'a' } } }],
  namespaces: [{ namespaceSelector: { matchLabels: { team: 'a' } } }],
  block: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['192.168.0.1/32'] } }],
  everybody: [],
}
const clusterPeers = {
  pods: { pods: { podSelector: { matchLabels: { app: 'a' } } } },
  nodes: { nodes: { matchLabels: {} } },
  domains: { domainNames: ['example.org', '*.example.org'] },
}
const portsOf = { name: [{ port: 'http' }], number: [{ port: 80 }, { protocol: 'UDP' }], all: [] }

const namespaceOf = (labels: NamespaceFacts['labels'], logging: NamespaceFacts['logging']): NamespaceFacts => ({
  uid: 'u',
  labels,
  securityGroups: undefined,
  logging,
  problems: [],
})

const ports = [
  { name: 'http', protocol: 'TCP', port: 80, nodePort: 0 },
  { name: 'dns', protocol: 'UDP', port: 53, nodePort: 0 },
  { name: 'more', protocol: 'TCP', port: 81, nodePort: 0 },
] as const

function stepOf(one: Event): Step<RenderWorld> {
  return ({ sources }) => {
    const handlers: Record<string, (sources: Sources, event: never) => void> = apply
    handlers[one.kind]?.(sources, one as never)
  }
}

it('renders the same from any order of events, through restarts and handovers, and writes nothing twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 2, maxLength: 16 }), events =>
      expandSequence({ create: () => new RenderWorld(newSources()), steps: events.map(stepOf) }),
    ),
    { numRuns: 80 },
  )
})
