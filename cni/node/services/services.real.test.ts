import { readConfig } from '@ovnkit/cni-api'
import { type ServiceFacts, type SliceFacts, serviceFacts, sliceFacts } from '@ovnkit/cni-service'
import { parseCidr, parseIp } from '@ovnkit/inet'
import type { EndpointSlice, Service } from '@ovnkit/kube'
import { NftTarget } from '@ovnkit/linux'
import { type TestNetns, testNetns } from '@ovnkit/linux/testing'
import { Engine, Store } from '@ovnkit/reconcile'
import { describe, expect, it } from 'vitest'
import type { PodFacts } from '../facts/pod.ts'
import { hostContext } from '../host/context.fixture.ts'
import type { HostContext } from '../host/context.ts'
import { hostTable, renderHostTable } from '../host/table.ts'
import { serviceKinds } from './kinds.ts'

/** A host in a namespace: the renders of Services, and real nftables. */
async function host(
  netns: TestNetns,
  kubeProxyReplacement = true,
  prepare: (context: HostContext) => void = () => undefined,
) {
  const stack = new DisposableStack()
  const pods = new Store<PodFacts>({ name: 'pods' })
  const config = readConfig({ env: {} })
  const context = hostContext(pods, { ...config, service: { ...config.service, kubeProxyReplacement } })
  const annotations = { 'zstack.io/node-join-address': '100.64.0.2/16,fd98::2/64' }
  context.nodes.replace([
    ['n1', { uid: 'u', internalIps: [parseIp('192.0.2.1')], labels: {}, zone: 'a', eligible: true, annotations }],
  ])
  context.subnets.replace([
    ['s', { ranges: [parseCidr('10.244.0.0/16'), parseCidr('fd00:10:244::/64')], overlay: true, natOutgoing: true }],
  ])
  context.links.replace([['eth0', { name: 'eth0', mtu: 1500, addresses: [parseIp('192.0.2.1')], networks: [] }]])
  prepare(context)
  const { services, slices, serviceCIDRs, neighbours, switches, kubeProxy } = context
  for (const store of [services, slices, serviceCIDRs, neighbours, pods, switches, kubeProxy]) store.markSynced()
  const target = stack.use(await NftTarget.open({ netns, tables: [hostTable] }))
  const engine = new Engine({
    owners: [
      { kind: 'table', keys: ['n1'], render: (_, view) => renderHostTable(context, view) },
      ...serviceKinds(context),
    ],
    targets: [target],
  })
  const stop = new AbortController()
  stack.defer(() => stop.abort())
  engine.start({ signal: stop.signal })
  await engine.settled()
  const operations = async (change: () => void) => {
    const before = engine.stats.operations
    change()
    await engine.settled()
    for (const owner of engine.statusStore.keys()) expect(engine.status(owner)).toMatchObject({ state: 'done' })
    return engine.stats.operations - before
  }
  const list = () => netns.exec('nft', '-s', 'list', 'table', 'inet', 'zstack-ovn')
  return { stack, context, pods, engine, operations, list }
}

function service(spec: Service['spec'], status?: Service['status']): ServiceFacts {
  const facts = serviceFacts({
    metadata: { namespace: 'shop', name: 'web' },
    ...(spec && { spec }),
    ...(status && { status }),
  })
  if (facts === undefined) throw new Error('expected a Service with addresses')
  return facts
}

function slice(family: 4 | 6, endpoints: NonNullable<EndpointSlice['endpoints']>, protocol = 'TCP'): SliceFacts {
  const facts = sliceFacts({
    metadata: { namespace: 'shop', name: `web-${family}`, labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: family === 4 ? 'IPv4' : 'IPv6',
    ports: [{ name: 'http', port: 8080, protocol }],
    endpoints,
  })
  if (facts === undefined) throw new Error('expected a slice')
  return facts
}

const here = (address: string, more: object = {}) => ({ addresses: [address], nodeName: 'n1', ...more })
const there = (address: string, more: object = {}) => ({ addresses: [address], nodeName: 'n2', ...more })
const both = { clusterIPs: ['10.96.0.9', 'fd00:10:96::9'], ports: [{ name: 'http', port: 80, nodePort: 30080 }] }
const nodePort = { type: 'NodePort', ...both }
const chainOf = (text: string, name: string) => text.split(`chain ${name} {`)[1]?.split('\n\t}')[0] ?? ''

describe('a node port', () => {
  it('is one element of each family, whatever the endpoints do', async () => {
    using netns = testNetns()
    const { stack, context, operations, list } = await host(netns)
    using _ = stack
    expect(await operations(() => context.services.set('shop/web', service(nodePort)))).toBe(2)
    expect(await operations(() => context.slices.set('a', slice(4, [here('10.244.0.5')])))).toBe(0)
    const text = await list()
    expect(text).toContain('tcp . 30080 comment "shop/web:http" : 10.96.0.9 . 80')
    expect(text).toContain('tcp . 30080 comment "shop/web:http" : fd00:10:96::9 . 80')
    expect(await operations(() => context.services.delete('shop/web'))).toBe(2)
    expect(await list()).not.toContain('30080')
  })

  it('under policy Local leads to the endpoints of the node', async () => {
    using netns = testNetns()
    const { stack, context, operations, list } = await host(netns)
    using _ = stack
    context.slices.set('a', slice(4, [here('10.244.0.5'), here('10.244.0.6'), there('10.244.1.5')]))
    await operations(() => context.services.set('shop/web', service({ ...nodePort, externalTrafficPolicy: 'Local' })))
    const name = 'node-port/shop/web/tcp/80/4'
    expect(chainOf(await list(), name)).toMatch(
      /^\s*fib saddr type local meta l4proto tcp dnat ip to 10.96.0.9:80.*\n.*numgen random mod 2 map \{ 0 : 10.244.0.5 . 8080, 1 : 10.244.0.6 . 8080 \}/,
    )
    expect(chainOf(await list(), 'node-port/shop/web/tcp/80/6')).toContain('goto service-reject')
    // One endpoint less: one chain.
    expect(await operations(() => context.slices.set('a', slice(4, [here('10.244.0.5'), there('10.244.1.5')])))).toBe(1)
    expect(chainOf(await list(), name)).toContain('dnat ip to 10.244.0.5:8080')
    await operations(() => context.slices.set('a', slice(4, [there('10.244.1.5')])))
    expect(chainOf(await list(), name)).toMatch(/drop comment/)
    await operations(() => context.slices.set('a', slice(4, [there('10.244.1.5', { conditions: { ready: false } })])))
    expect(chainOf(await list(), name)).toContain('goto service-reject')
    const draining = here('10.244.0.5', { conditions: { ready: false, serving: true, terminating: true } })
    await operations(() => context.slices.set('a', slice(4, [draining])))
    expect(chainOf(await list(), name)).toContain('dnat ip to 10.244.0.5:8080')
  })

  it('is under policy Local, at an external address, a short way for pods to every endpoint', async () => {
    using netns = testNetns()
    const { stack, context, operations, list } = await host(netns)
    using _ = stack
    context.slices.set('a', slice(4, [there('10.244.1.5')]))
    const spec = { externalTrafficPolicy: 'Local', externalIPs: ['198.51.100.7'] }
    await operations(() => context.services.set('shop/web', service({ ...nodePort, ...spec })))
    expect(chainOf(await list(), 'external/shop/web/tcp/80/4')).toMatch(
      /ip saddr @overlay4 meta l4proto tcp dnat ip to 10.96.0.9:80.*\n.*fib saddr type local.*\n.*drop/,
    )
  })

  it('under policy Local leads the host with the node’s own address to endpoints of its node, and to the node ports of the other ones', async () => {
    using netns = testNetns()
    const { stack, context, operations, list } = await host(netns)
    using _ = stack
    context.slices.set('a', slice(4, [here('10.244.0.5'), there('10.244.1.5')]))
    await operations(() => context.services.set('shop/web', service({ ...nodePort, externalTrafficPolicy: 'Local' })))
    const name = 'node-port/shop/web/tcp/80/4'
    expect(chainOf(await list(), name)).not.toContain('ip saddr 192.0.2.1')
    await operations(() => context.neighbours.set('n2', [parseIp('192.0.2.2')]))
    expect(chainOf(await list(), name)).toMatch(
      /ip saddr 192.0.2.1 meta l4proto tcp dnat ip to numgen random mod 2 map \{ 0 : 10.244.0.5 . 8080, 1 : 192.0.2.2 . 30080 \}/,
    )
  })

  it('with affinity remembers clients, for as long as the Service says, and forgets none when the agent restarts', async () => {
    using netns = testNetns()
    const affine = (timeoutSeconds: number) =>
      service({ ...nodePort, sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds } } })
    const fill = (context: HostContext) => {
      context.services.set('shop/web', affine(120))
      context.slices.set('a', slice(4, [here('10.244.0.5'), there('10.244.1.5')]))
      context.slices.set('b', slice(6, [here('fd00:10:244::5'), there('fd00:10:244::6')]))
    }
    const first = await host(netns, true, fill)
    const text = await first.list()
    expect(text).toMatch(/set clients\/shop\/web\/tcp\/80\/4\/10.244.0.5\/8080 \{[^}]*timeout 2m/)
    expect(text).toMatch(/clients\/shop\/web\/tcp\/80\/6\/fd00.10.244..5\/8080/)
    await netns.exec('nft', 'add element inet zstack-ovn clients/shop/web/tcp/80/4/10.244.0.5/8080 { 198.51.100.1 }')
    first.stack.dispose()
    const second = await host(netns, true, fill)
    using _ = second.stack
    expect(second.engine.stats.operations).toBe(0)
    expect(await second.list()).toContain('198.51.100.1')
    expect(await second.operations(() => second.context.slices.set('a', slice(4, [there('10.244.1.5')])))).toBe(3)
    expect(await second.list()).not.toContain('10.244.0.5')
  })
})

describe('external addresses', () => {
  const balanced = { ...both, type: 'LoadBalancer', externalIPs: ['203.0.113.9'] }
  const ingress = { loadBalancer: { ingress: [{ ip: '203.0.113.7' }, { ip: '203.0.113.8', ipMode: 'Proxy' }] } }

  it('are served, but not those of a load balancer that is a proxy', async () => {
    using netns = testNetns()
    const { stack, context, operations, list } = await host(netns)
    using _ = stack
    await operations(() => context.services.set('shop/web', service(balanced, ingress)))
    const text = await list()
    expect(text).toContain('203.0.113.7 . tcp . 80')
    expect(text).toContain('203.0.113.9 . tcp . 80')
    expect(text).not.toContain('203.0.113.8')
  })

  it('of a load balancer let in whom its source ranges name', async () => {
    using netns = testNetns()
    const { stack, context, operations, list } = await host(netns)
    using _ = stack
    const ranges = { ...balanced, loadBalancerSourceRanges: ['198.51.100.0/24', '198.51.100.7/32', '192.0.2.0/24'] }
    await operations(() => context.services.set('shop/web', service(ranges, ingress)))
    expect(chainOf(await list(), 'sources/shop/web/tcp/80/4')).toMatch(
      /ip saddr \{ 192.0.2.0\/24, 198.51.100.0\/24 \} return.*\n.*fib saddr type local return.*\n.*drop/,
    )
    expect(await list()).toMatch(/service-firewalls4 \{[^}]*203.0.113.7 . tcp . 80 : goto sources[^,]*\}/)
  })
})

describe('hostPorts', () => {
  const network = '{"default":{"ip_addresses":["10.244.0.5/16","fd00:10:244::5/64"],"mac_address":"0a:58:0a:f4:00:05"}}'
  const pod = (more: Partial<PodFacts> = {}): PodFacts => ({
    uid: 'u',
    labels: {},
    network,
    hostPorts: [
      { hostIp: undefined, hostPort: 8080, containerPort: 80, protocol: 'TCP' },
      { hostIp: parseIp('127.0.0.1'), hostPort: 5432, containerPort: 54, protocol: 'UDP' },
    ],
    ended: false,
    ...more,
  })

  it.each([true, false])('lead to the pod until it has ended (kubeProxyReplacement %s)', async replacement => {
    using netns = testNetns()
    const { stack, pods, operations, list } = await host(netns, replacement)
    using _ = stack
    await operations(() => pods.set('shop/a', pod()))
    const text = await list()
    expect(text).toContain('tcp . 8080 comment "shop/a" : 10.244.0.5 . 80')
    expect(text).toContain('tcp . 8080 comment "shop/a" : fd00:10:244::5 . 80')
    expect(text).toContain('127.0.0.1 . udp . 5432 comment "shop/a" : 10.244.0.5 . 54')
    await operations(() => pods.set('shop/a', pod({ ended: true })))
    expect(await list()).not.toContain('shop/a')
  })
})

it('leads past the filters of a kube-proxy that refuse cluster addresses, while there is one', async () => {
  using netns = testNetns()
  const { stack, list, operations, context } = await host(netns)
  using _ = stack
  await operations(() => {
    context.services.set('shop/web', service(nodePort))
    context.slices.set('a', slice(4, [here('10.244.0.5'), there('10.244.1.6')]))
  })
  const byOvn = await list()
  expect(byOvn).toContain(': 10.96.0.9 . 80')
  await operations(() => context.kubeProxy.set('kube-proxy', 'nftables'))
  expect(await list()).not.toContain('10.96.0.9 . 80')
  expect(chainOf(await list(), 'cluster/shop/web/tcp/80/4')).toMatch(/10\.244\.0\.5.*10\.244\.1\.6/s)
  await operations(() => context.kubeProxy.delete('kube-proxy'))
  expect(await list()).toBe(byOvn)
})

it('leaves hosts to a kube-proxy where it is told to', async () => {
  using netns = testNetns()
  const { stack, list } = await host(netns, false)
  using _ = stack
  expect(await list()).not.toContain('chain')
})
