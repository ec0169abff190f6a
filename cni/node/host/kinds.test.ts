import { annotationNames } from '@ovnkit/cni-api'
import { serviceFacts } from '@ovnkit/cni-service'
import { macFromIp, parseCidr, parseIp } from '@ovnkit/inet'
import { type OwnerKind, Store } from '@ovnkit/reconcile'
import { plainView } from '@ovnkit/reconcile/testing'
import { expect, it } from 'vitest'
import { type PodFacts, podFacts } from '../facts/pod.ts'
import { theSwitch } from '../facts/switch.ts'
import type { Held, WayOut } from '../floating/held.ts'
import { theGateway } from '../gateway/store.ts'
import { theKubeProxy } from '../services/kube-proxy.ts'
import { hostContext } from './context.fixture.ts'
import type { HostContext } from './context.ts'
import { hostKinds } from './kinds.ts'

const [own, floats] = [parseIp('192.0.2.1'), parseIp('192.0.2.100')]

/** A node of which everything is asked at once: what would meet in one place meets here. */
function busyNode(): readonly OwnerKind[] {
  const pods = new Store<PodFacts>({ name: 'pods' })
  const context = hostContext(pods)
  fillHost(context)
  fillCluster(context)
  const pod = podFacts({
    metadata: {
      uid: 'p',
      annotations: {
        [annotationNames.pod.podUid]: 'p',
        [annotationNames.pod.subnet]: 'vlan',
        [annotationNames.pod.podNetworks]: JSON.stringify({
          default: { ip_addresses: ['10.50.0.5/24'], mac_address: '0a:58:0a:32:00:05' },
        }),
      },
    },
    spec: { containers: [{ name: 'web', ports: [{ containerPort: 8080, hostPort: 8081 }] }] },
  })
  if (pod === undefined) throw new Error('expected a pod with a network')
  pods.set('ns/web', pod)
  const held = new Store<Held>({ name: 'held' })
  held.set(floats, { address: floats, announce: 'arp', link: '' })
  const ways = new Store<WayOut>({ name: 'ways' })
  ways.set(floats, { address: floats, excluded: [] })
  const sources = new Store<typeof floats>({ name: 'sources' })
  sources.set('10.244.0.9', floats)
  return hostKinds(context, pods, { held, ways, sources })
}

function fillHost({ nodes, links, switches, kubeProxy, gateway }: HostContext): void {
  const annotations = {
    [annotationNames.node.joinAddress]: '100.64.0.2/16,fd98::2/64',
    [annotationNames.node.tunnelType]: 'vxlan',
  }
  nodes.set('n1', { uid: 'u', internalIps: [own], labels: {}, zone: 'a', eligible: true, annotations })
  links.set('eth0', { name: 'eth0', mtu: 1500, addresses: [own], networks: ['192.0.2.0/24'] })
  switches.set(theSwitch, {
    systemId: 'chassis-1',
    encapType: undefined,
    wantedDatapath: 'netdev',
    datapath: 'netdev',
    netdevBridges: ['eth0'],
    dpdk: false,
    interfaceTypes: [],
    mappings: {},
    chassisKeys: {},
  })
  kubeProxy.set(theKubeProxy, 'nftables')
  const outside = { mac: macFromIp(own), addresses: [], nextHops: [], mtu: 1500, ready: true }
  gateway.set(theGateway, { nic: 'eth0', gateway: outside, problem: undefined })
}

function fillCluster({ subnets, providers, providerStates, wires, services }: HostContext): void {
  subnets.set('overlay', { ranges: [parseCidr('10.244.0.0/16')], overlay: true, natOutgoing: true })
  const vlan = { provider: 'wire', vlan: 100 }
  subnets.set('vlan', { ranges: [parseCidr('10.50.0.0/24')], overlay: false, natOutgoing: true, ...vlan })
  providers.set('wire', { defaultInterface: 'eth1' })
  wires.set('wire/100', { bridge: 'br-wire', vlan: 100, link: 'zs-1' })
  providerStates.set('wire', { ready: true, reason: 'Ready', message: '' })
  const web = serviceFacts({
    metadata: { namespace: 'shop', name: 'web' },
    spec: {
      type: 'NodePort',
      clusterIPs: ['10.96.0.9'],
      externalIPs: [floats],
      ports: [{ port: 80, nodePort: 30080 }],
    },
  })
  if (web === undefined) throw new Error('expected a Service with addresses')
  services.set('shop/web', web)
}

function* wishesOf({ kind, keys, render }: OwnerKind) {
  for (const name of Symbol.iterator in keys ? keys : keys.keys())
    for (const { target, key, shared } of render(name, plainView).objects ?? [])
      yield { owner: `${kind}/${name}`, wish: `${target}: ${key}`, shared: shared === true }
}

it('no two owners want the same of a host', () => {
  const wanted = new Map<string, string[]>()
  const wishes = busyNode().flatMap(kind => [...wishesOf(kind)])
  for (const { owner, wish, shared } of wishes) if (!shared) wanted.set(wish, [...(wanted.get(wish) ?? []), owner])
  expect([...wanted].filter(([, owners]) => owners.length > 1)).toEqual([])
  const busy = new Set(wishes.map(({ owner }) => owner.split('/')[0]))
  const quiet = ['forwarding', 'kube-proxy']
  expect(busyNode().flatMap(({ kind }) => (busy.has(kind) ? [] : [kind]))).toEqual(quiet)
})
