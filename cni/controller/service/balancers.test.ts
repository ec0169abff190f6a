import type { ServiceFacts, SliceFacts } from '@ovnkit/cni-service'
import { parseIp } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import { type BalancerOptions, balancersOf, variablesOf } from './balancers.ts'
import { port, service, slice } from './service.fixture.ts'
import { type Nodes, vipsOf } from './vips.ts'

const zones = new Map([
  ['n1', 'a'],
  ['n2', 'b'],
  ['n3', ''],
])
const nodes: Nodes = { names: () => zones.keys(), zone: name => zones.get(name) }

function balance(
  facts: ServiceFacts,
  slices: SliceFacts[],
  options: Partial<BalancerOptions & { nodes: undefined }> = {},
) {
  const vips = vipsOf(facts, slices, 'nodes' in options ? undefined : nodes)
  const balancers = balancersOf(facts, vips, { affinity: 'timeout', ...options })
  return {
    vips: Object.fromEntries(balancers.map(({ row }) => [row.columns.name, row.columns.vips])),
    groups: Object.fromEntries(balancers.map(({ row, groups }) => [row.columns.name, groups.join()])),
    options: balancers.map(({ row }) => row.columns.options),
    fields: balancers.map(({ row }) => row.columns.selection_fields),
    variables: variablesOf(facts, vips).map(({ node, name, value }) => `${node} ${name} = ${value}`),
  }
}

const clusterIPs = [parseIp('10.96.0.10'), parseIp('fd96::a')]

describe('the balancers of a Service', () => {
  it('are one for each protocol, with every address and port, in both groups', () => {
    const ports = [port('TCP', 80, 'http'), port('TCP', 443, 'tls'), port('UDP', 53, 'dns')]
    const numbers = [
      { name: 'http', protocol: 'TCP', port: 8080 },
      { name: 'dns', protocol: 'UDP', port: 5353 },
    ] as const
    const slices = [slice(['10.0.0.1@n1'], { ports: numbers }), slice(['fd00::1@n1'], { ports: numbers })]
    const { vips, groups, options } = balance(service({ clusterIPs, ports }), slices)
    expect(vips).toEqual({
      'k8s-shop-web_tcp': {
        '10.96.0.10:80': '10.0.0.1:8080',
        '[fd96::a]:80': '[fd00::1]:8080',
        '10.96.0.10:443': '',
        '[fd96::a]:443': '',
      },
      'k8s-shop-web_udp': { '10.96.0.10:53': '10.0.0.1:5353', '[fd96::a]:53': '[fd00::1]:5353' },
    })
    expect(groups).toEqual({ 'k8s-shop-web_tcp': 'pods,hosts', 'k8s-shop-web_udp': 'pods,hosts' })
    expect(options).toEqual([
      { reject: 'true', hairpin_snat_ip: '169.254.169.5 fd69::5' },
      { reject: 'true', hairpin_snat_ip: '169.254.169.5 fd69::5', ct_flush: 'true' },
    ])
  })

  it('use each slice’s own port, and terminating endpoints when no other is left', () => {
    const rollout = [
      slice(['10.0.0.1@n1']),
      slice(['10.0.0.2@n1'], { ports: [{ name: '', protocol: 'TCP', port: 9090 }] }),
    ]
    expect(balance(service(), rollout).vips).toEqual({
      'k8s-shop-web_tcp': { '10.96.0.10:80': '10.0.0.1:8080,10.0.0.2:9090' },
    })
    const ending = [slice(['10.0.0.1@n1 draining', '10.0.0.2@n1 down'])]
    expect(balance(service(), ending).vips).toEqual({ 'k8s-shop-web_tcp': { '10.96.0.10:80': '10.0.0.1:8080' } })
  })
})

describe('affinity', () => {
  it('has the Service’s own timeout, up to what OVN can', () => {
    expect(balance(service({ affinity: 60 }), []).options).toMatchObject([{ affinity_timeout: '60' }])
    expect(balance(service({ affinity: 86_400 }), []).options).toMatchObject([{ affinity_timeout: '65535' }])
  })

  it('goes by the client where the configuration says so, and where endpoints are chosen node by node', () => {
    const hash = balance(service({ affinity: 60 }), [], { affinity: 'hash' })
    expect(hash.fields).toEqual([['eth_src']])
    expect(hash.options).not.toMatchObject([{ affinity_timeout: '60' }])
    const local = balance(service({ affinity: 60, internalLocal: true }), [slice(['10.0.0.1@n1'])])
    expect(local.fields).toEqual([['eth_src'], []])
  })
})

describe('affinity by itself', () => {
  const auto = (affinity: number) => balance(service({ affinity }), [], { affinity: 'auto' })

  it('loses nobody’s connection where nobody asked for a timeout of their own', () => {
    expect(auto(10_800).fields).toEqual([['eth_src']])
    expect(auto(10_800).options).not.toMatchObject([{ affinity_timeout: '10800' }])
  })

  it('keeps a timeout that a Service names', () => {
    expect(auto(60).options).toMatchObject([{ affinity_timeout: '60' }])
  })
})

describe('internalTrafficPolicy Local', () => {
  const local = service({ clusterIPs, internalLocal: true })
  const slices = [slice(['10.0.0.1@n1', '10.0.0.2@n2', '10.0.0.3@elsewhere']), slice(['fd00::1@n1'])]

  it('gives pods the endpoints of their own node, and hosts, who carry what came from outside, all of them', () => {
    const { vips, groups, variables } = balance(local, slices)
    expect(vips).toEqual({
      'k8s-shop-web_tcp_pods-v4': { '10.96.0.10:80': '^pods.shop.web.tcp.80.v4' },
      'k8s-shop-web_tcp_pods-v6': { '^address.shop.web.v6:80': '^pods.shop.web.tcp.80.v6' },
      'k8s-shop-web_tcp_hosts': {
        '10.96.0.10:80': '10.0.0.1:8080,10.0.0.2:8080,10.0.0.3:8080',
        '[fd96::a]:80': '[fd00::1]:8080',
      },
    })
    expect(groups).toEqual({
      'k8s-shop-web_tcp_pods-v4': 'pods',
      'k8s-shop-web_tcp_pods-v6': 'pods',
      'k8s-shop-web_tcp_hosts': 'hosts',
    })
    expect(variables).toEqual([
      'n1 pods.shop.web.tcp.80.v4 = 10.0.0.1:8080',
      'n2 pods.shop.web.tcp.80.v4 = 10.0.0.2:8080',
      'n1 pods.shop.web.tcp.80.v6 = [fd00::1]:8080',
      'n1 address.shop.web.v6 = fd96::a',
    ])
  })

  it('rejects like any other where nobody serves at all', () => {
    const nobody = balance(service({ internalLocal: true }), [slice(['10.0.0.1@n1 down'])])
    expect(nobody).toMatchObject({ vips: { 'k8s-shop-web_tcp': { '10.96.0.10:80': '' } }, variables: [] })
  })

  it('is policy Cluster on a server that cannot tell nodes apart', () => {
    const old = balance(service({ internalLocal: true }), [slice(['10.0.0.1@n1', '10.0.0.2@n2'])], { nodes: undefined })
    expect(old.vips).toEqual({ 'k8s-shop-web_tcp': { '10.96.0.10:80': '10.0.0.1:8080,10.0.0.2:8080' } })
  })
})

describe('externalTrafficPolicy Local', () => {
  const ingress = [parseIp('192.0.2.1'), parseIp('2001:db8::1')].map(ip => ({ ip, mode: 'VIP' as const }))
  const facts = { type: 'LoadBalancer', externalLocal: true, externalIPs: [parseIp('192.0.2.9')], ingress } as const
  const slices = [slice(['10.0.0.1@n1', '10.0.0.2@n2'])]

  it('lets pods reach every endpoint at the external addresses of its families, without a host in between', () => {
    const { vips, groups } = balance(service(facts), slices)
    expect(vips['k8s-shop-web_tcp_pods']).toEqual({
      '192.0.2.9:80': '10.0.0.1:8080,10.0.0.2:8080',
      '192.0.2.1:80': '10.0.0.1:8080,10.0.0.2:8080',
    })
    expect(groups['k8s-shop-web_tcp_pods']).toBe('pods')
  })

  it('leaves it to the hosts who may come, and what a proxy in front serves to the proxy', () => {
    const guarded = balance(service({ ...facts, sourceRanges: ['10.0.0.0/8'] }), slices)
    const proxied = balance(
      service({ ...facts, externalIPs: [], ingress: ingress.map(({ ip }) => ({ ip, mode: 'Proxy' })) }),
      slices,
    )
    for (const { vips } of [guarded, proxied]) expect(Object.keys(vips)).toEqual(['k8s-shop-web_tcp'])
  })
})

describe('hints', () => {
  it('give every node the endpoints of its zone, or all where there are none', () => {
    const { vips, variables } = balance(service(), [slice(['10.0.0.1@n1 ready a', '10.0.0.2@n2 ready b'])])
    expect(vips).toEqual({ 'k8s-shop-web_tcp_nodes-v4': { '10.96.0.10:80': '^nodes.shop.web.tcp.80.v4' } })
    expect(variables).toEqual([
      'n1 nodes.shop.web.tcp.80.v4 = 10.0.0.1:8080',
      'n2 nodes.shop.web.tcp.80.v4 = 10.0.0.2:8080',
      'n3 nodes.shop.web.tcp.80.v4 = 10.0.0.1:8080,10.0.0.2:8080',
    ])
  })

  it('of a Service with hyphens in its name make other variables than those of one without', () => {
    const of = (namespace: string, name: string) =>
      balance(service({ namespace, name, internalLocal: true }), [slice(['10.0.0.1@n1'])]).variables
    expect(of('a-b', 'c')).toEqual(['n1 pods.a_b.c.tcp.80.v4 = 10.0.0.1:8080'])
    expect(of('a', 'b-c')).not.toEqual(of('a-b', 'c'))
  })
})
