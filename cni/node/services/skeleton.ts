import { annotationNames, managementInterface, parseJoinAddresses, serviceSource } from '@ovnkit/cni-api'
import { type IpAddress, ipFamily } from '@ovnkit/inet'
import { NftChain, type NftHook, NftSet } from '@ovnkit/linux'
import type { Desired, Rendered, View } from '@ovnkit/reconcile'
import type { HostContext } from '../host/context.ts'
import { hostTable, nftFamilies } from '../host/table.ts'

const table = hostTable

/**
 * Bit of the packet mark for connections whose client gives its address up: those under policy Cluster that go to an endpoint without
 * passing OVN's balancers. It stands on a connection's first packet only, between prerouting and postrouting.
 */
const sourceGivenUp = '0x00200000'
/** Puts the mark on a packet. */
export const giveUpSource = `meta mark set meta mark | ${sourceGivenUp}`

/** Before kube-proxy's chains (priority -100), so that ours decide where both are. */
const translation = -105

/** Sets and maps of both families; the family's number is appended to each name. */
export const serviceSets = {
  /** External addresses, and addresses of hostIP: address . protocol . port -> where to. */
  addresses: 'service-addresses',
  /** Those that need a chain: policy Local, affinity, cluster addresses with internalTrafficPolicy Local. */
  addressChains: 'service-address-chains',
  /** protocol . port on the node's own addresses. */
  nodePorts: 'node-ports',
  nodePortChains: 'node-port-chains',
  /** Pods' hostPorts on every address, loopback included. */
  hostPorts: 'host-ports',
  /** Addresses with loadBalancerSourceRanges. */
  firewalls: 'service-firewalls',
} as const

export const rejectChain = 'service-reject'

/**
 * What all Services and hostPorts share: base chains, dispatch by maps, sources. Constant, but for the node's address as a client of Services.
 * Where Services are a kube-proxy's, what hostPorts need, and that only while there are any: no kube-proxy serves those.
 */
export function renderServiceSkeleton(context: HostContext, view: View): Rendered {
  const ours = context.config.service.kubeProxyReplacement
  if (!ours && !hasAny(view.keys(context.published))) return { kind: 'objects', objects: [] }
  const text = view.get(context.nodes, context.node)?.annotations[annotationNames.node.joinAddress]
  if (text === undefined) {
    const message = `the controller has not given Node ${context.node} its address in the join network yet`
    return { kind: 'wait', reason: 'NoJoinAddress', message }
  }
  const common = [...sets(), ...sources(serviceSources(context, text)), loopbackGuard()]
  const objects = [...common, ...(ours ? [...serviceDispatch(), unknownGuard()] : hostPortDispatch())]
  return { kind: 'objects', objects }
}

const hasAny = (keys: Iterable<string>): boolean => Iterator.from(keys).next().done === false

function serviceSources({ config }: HostContext, joinAddresses: string): readonly IpAddress[] {
  return parseJoinAddresses(joinAddresses).flatMap(({ ip }) => {
    const range = config.network.joinCIDR.find(each => each.family === ipFamily(ip))
    return range === undefined ? [] : [serviceSource(ip, range)]
  })
}

function sets(): Desired[] {
  return nftFamilies.flatMap(({ family, address }) => {
    const place = `${address} . inet_service`
    const byAddress = `${address} . inet_proto . inet_service`
    const byPort = 'inet_proto . inet_service'
    const set = (name: string, type: string, data: string) =>
      new NftSet({ table, name: `${name}${family}`, type, data })
    return [
      set(serviceSets.addresses, byAddress, place),
      set(serviceSets.addressChains, byAddress, 'verdict'),
      set(serviceSets.nodePorts, byPort, place),
      set(serviceSets.nodePortChains, byPort, 'verdict'),
      set(serviceSets.hostPorts, byPort, place),
      set(serviceSets.firewalls, byAddress, 'verdict'),
    ]
  })
}

const chain = (name: string, rules: readonly string[], hook?: NftHook): Desired =>
  new NftChain({ table, name, rules, ...(hook && { hook }) })

const port = 'meta l4proto . th dport'

/** By what packets are for: an address and port, or a port on the node's own addresses. */
function serviceDispatch(): Desired[] {
  const { addressChains, nodePorts, nodePortChains, firewalls } = serviceSets
  return [
    ...baseChains(),
    chain('services', [
      ...toAddress(),
      ...nftFamilies.map(({ family, ip }) => `${ip} daddr . ${port} vmap @${addressChains}${family}`),
      'fib daddr type local ip daddr != 127.0.0.0/8 jump service-node-ports',
      'fib daddr type local ip6 daddr != ::1 jump service-node-ports',
      toHostPort,
    ]),
    chain(
      'service-node-ports',
      nftFamilies.flatMap(({ family, ip, protocol }) => [
        `dnat ${ip} to ${port} map @${nodePorts}${family}`,
        `meta nfproto ${protocol} ${port} vmap @${nodePortChains}${family}`,
      ]),
    ),
    hostPortChain(),
    ...(['prerouting', 'output'] as const).map(hook =>
      chain(`service-firewall-${hook}`, ['ct state new jump service-firewall'], {
        type: 'filter',
        hook,
        priority: translation - 5,
      }),
    ),
    chain(
      'service-firewall',
      nftFamilies.map(({ family, ip }) => `${ip} daddr . ${port} vmap @${firewalls}${family}`),
    ),
    chain(rejectChain, ['meta l4proto tcp reject with tcp reset', 'reject with icmpx port-unreachable']),
  ]
}

function hostPortDispatch(): Desired[] {
  return [...baseChains(), chain('services', [...toAddress(), toHostPort]), hostPortChain()]
}

function baseChains(): Desired[] {
  return (['prerouting', 'output'] as const).map(hook =>
    chain(`service-${hook}`, ['jump services'], { type: 'nat', hook, priority: translation }),
  )
}

const toAddress = (): string[] =>
  nftFamilies.map(({ family, ip }) => `dnat ${ip} to ${ip} daddr . ${port} map @${serviceSets.addresses}${family}`)

const toHostPort = 'fib daddr type local jump service-host-ports'

function hostPortChain(): Desired {
  const rules = nftFamilies.map(({ family, ip }) => `dnat ${ip} to ${port} map @${serviceSets.hostPorts}${family}`)
  return chain('service-host-ports', rules)
}

/**
 * Who has to leave with another address, so that answers come back to this host: what goes to OVN's balancers, clients that gave theirs up, pods
 * that were sent on to an endpoint (it would answer them directly), what comes from the loopback address, and what a balancer sent to an endpoint outside
 * of the cluster, the API server for example.
 */
function sources(addresses: readonly IpAddress[]): Desired[] {
  const rules = addresses.flatMap(address => {
    const family = ipFamily(address)
    const ip = family === 4 ? 'ip' : 'ip6'
    const out = `oifname "${managementInterface}"`
    const snat = `snat ${ip} to ${address}`
    return [
      `${out} ${ip} daddr @services${family} ${snat}`,
      `${out} meta nfproto ipv${family} meta mark & ${sourceGivenUp} != 0 ${snat}`,
      `${out} ct status dnat ${ip} saddr @overlay${family} ${snat}`,
      ...(family === 4 ? [`${out} ip saddr 127.0.0.0/8 ${snat}`] : []),
      `oifname != "${managementInterface}" ${ip} saddr ${address} masquerade fully-random`,
    ]
  })
  const masquerade = `meta mark & ${sourceGivenUp} != 0 masquerade fully-random`
  const hook = { type: 'nat', hook: 'postrouting', priority: 85 } as const
  return [chain('service-sources', [...rules, masquerade], hook)]
}

const fromPods = `iifname "${managementInterface}"`

/** Packets for Services that no balancer took would go round and round between host and router. What was translated here is on its way to one. */
function unknownGuard(): Desired {
  const rules = nftFamilies.map(({ family, ip }) => `${fromPods} ${ip} daddr @services${family} drop`)
  const hook = { type: 'filter', hook: 'forward', priority: 0 } as const
  return chain('service-unknown', ['ct status dnat return', ...rules], hook)
}

/** Answers to hostPorts at loopback addresses must be let in (route_localnet), but no packet of a pod to or from there. */
function loopbackGuard(): Desired {
  return chain('service-loopback', [`${fromPods} ip daddr 127.0.0.0/8 drop`, `${fromPods} ip saddr 127.0.0.0/8 drop`], {
    type: 'filter',
    hook: 'prerouting',
    priority: -300,
  })
}
