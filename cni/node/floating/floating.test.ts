import type { ServiceFacts } from '@ovnkit/cni-service'
import { parseIp } from '@ovnkit/inet'
import { Store } from '@ovnkit/reconcile'
import { describe, expect, it } from 'vitest'
import type { NodeFacts } from '../facts/node.ts'
import { followFloatingAddresses } from './held.ts'
import { linkOf } from './link.ts'
import type { Announcing, EgressFacts } from './sources.ts'

const [a, b] = [parseIp('192.0.2.100'), parseIp('2001:db8::100')]

const service = (node: string): ServiceFacts => ({
  namespace: 'ns',
  name: 'web',
  uid: 'u',
  type: 'LoadBalancer',
  clusterIPs: [],
  ports: [],
  externalIPs: [],
  ingress: [
    { ip: a, mode: 'VIP' },
    { ip: parseIp('198.51.100.1'), mode: 'Proxy' },
  ],
  loadBalancerClass: undefined,
  sourceRanges: [],
  affinity: 0,
  externalLocal: false,
  internalLocal: false,
  publishNotReady: false,
  healthCheckNodePort: 0,
  balancer: {
    named: false,
    families: [4],
    preferDual: false,
    addresses: [],
    pool: '',
    labels: {},
    created: 0,
    ingress: [],
    recordedPool: 'lan',
    node,
  },
})

function world(labels: Record<string, string> = {}) {
  const nodes = new Store<NodeFacts>({ name: 'nodes' })
  const egressIPs = new Store<EgressFacts>({ name: 'egress' })
  const pools = new Store<Announcing>({ name: 'pools' })
  const balancers = new Store<ServiceFacts>({ name: 'services' })
  nodes.set('n1', { uid: 'u', internalIps: [], zone: '', labels, annotations: {}, eligible: true })
  const { held, ways } = followFloatingAddresses({ node: 'n1', nodes, egressIPs, pools, balancers })
  const complete = () => {
    for (const store of [nodes, egressIPs, pools, balancers]) store.markSynced()
  }
  return { nodes, egressIPs, pools, balancers, held, ways, complete }
}

const egress = (node: string, nodeSelector?: EgressFacts['nodeSelector']): EgressFacts => ({
  items: [{ address: b, node }],
  announce: 'arp',
  link: '',
  excluded: [],
  nodeSelector,
})

describe('addresses that live on this node', () => {
  it('are those of Services that name it, and of EgressIPs whose status does', () => {
    const { egressIPs, pools, balancers, held, complete } = world()
    pools.set('lan', { announce: 'arp', link: 'eth1' })
    balancers.set('ns/web', service('n1'))
    egressIPs.set('x', egress('n1'))
    // Half of the truth would take addresses away.
    expect(held.synced).toBe(false)
    complete()
    expect([...held.entries()]).toEqual([
      [b, { address: b, announce: 'arp', link: '' }],
      [a, { address: a, announce: 'arp', link: 'eth1' }],
    ])
    balancers.set('ns/web', service('n2'))
    expect([...held.keys()]).toEqual([b])
    egressIPs.set('x', egress('n2'))
    expect([...held.keys()]).toEqual([])
  })

  it('ways out are in place before an address comes, on every node that may hold it', () => {
    const { nodes, egressIPs, ways, complete } = world({ gateway: '' })
    complete()
    egressIPs.set('x', egress('n2', { matchLabels: { gateway: '' } }))
    expect([...ways.keys()]).toEqual([b])
    egressIPs.set('x', egress('n2', { matchLabels: { gateway: 'other' } }))
    expect([...ways.keys()]).toEqual([])
    const node = nodes.get('n1')
    if (node !== undefined) nodes.set('n1', { ...node, labels: { gateway: 'other' } })
    expect([...ways.keys()]).toEqual([b])
  })
})

it('an address is announced where its network is, the narrowest; never on the pods’ side', () => {
  const link = (name: string, ...networks: string[]) => ({ name, mtu: 1500, addresses: [], networks })
  const links = [
    link('eth0', '192.0.0.0/16'),
    link('eth1', '192.0.2.0/24'),
    link('ovn-mp0', '192.0.2.96/28'),
    link('lo', '192.0.2.100/32'),
  ]
  expect(linkOf(a, links)).toBe('eth1')
  expect(linkOf(b, links)).toBeUndefined()
})
