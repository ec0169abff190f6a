import type { Config } from '@ovnkit/cni-api'
import { type IpAddress, ipFamily } from '@ovnkit/inet'
import type { HostLink } from '../facts/host.ts'
import type { NodeFacts } from '../facts/node.ts'

/** Where this node's tunnels end. */
export interface Encap {
  readonly ip: IpAddress
  /** The interface that has the address. */
  readonly link: string
  /** MTU of the interface. */
  readonly mtu: number
}

type EncapConfig = Pick<Config, 'tunnel' | 'gateway'>

/** Ethernet, IP and UDP headers around a packet, and the tunnel's own: VXLAN 8 bytes, Geneve 8 and 8 of OVN's option. */
const OVERHEAD = { vxlan: { 4: 50, 6: 70 }, geneve: { 4: 58, 6: 78 } } as const

/** The configured address, else that of gateway.interface, else the node's InternalIP. */
export function findEncap(
  { tunnel, gateway }: EncapConfig,
  node: NodeFacts | undefined,
  links: readonly HostLink[],
): Encap | { readonly problem: string } {
  const ofGateway = links.find(link => link.name === gateway.interface)?.addresses ?? []
  const candidates = [...tunnel.encapIP, ...(tunnel.encapIP.length > 0 ? [] : ofGateway), ...internal(tunnel, node)]
  for (const ip of candidates) {
    const link = links.find(({ addresses }) => addresses.includes(ip))
    if (link !== undefined) return { ip, link: link.name, mtu: link.mtu }
  }
  const wanted = candidates.length > 0 ? candidates.join(', ') : 'an InternalIP of the Node'
  return {
    problem: `no interface of this host has ${wanted}; set tunnel.encapIP to the address that tunnels shall use`,
  }
}

function internal({ encapIP }: EncapConfig['tunnel'], node: NodeFacts | undefined): readonly IpAddress[] {
  return encapIP.length > 0 ? [] : (node?.internalIps ?? [])
}

/** MTU of pods: the configured one, or what is left of the tunnel interface's. */
export function podMtu(config: Pick<Config, 'network' | 'tunnel'>, encap: Encap): number {
  if (config.network.mtu > 0) return config.network.mtu
  return encap.mtu - OVERHEAD[config.tunnel.type][ipFamily(encap.ip)]
}
