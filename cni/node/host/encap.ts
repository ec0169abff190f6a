import { annotationNames, type Config, externalBridge } from '@ovnkit/cni-api'
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
  // In mode shared the bridge has what the NIC had.
  const named =
    gateway.interface === '' ? [] : [gateway.interface, ...(gateway.mode === 'shared' ? [externalBridge] : [])]
  const ofGateway = links.filter(link => named.includes(link.name)).flatMap(({ addresses }) => addresses)
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
export function podMtu(
  config: Pick<Config, 'network' | 'tunnel'>,
  encap: Encap,
  type: TunnelType = config.tunnel.type,
): number {
  if (config.network.mtu > 0) return config.network.mtu
  return encap.mtu - OVERHEAD[type][ipFamily(encap.ip)]
}

type TunnelType = Config['tunnel']['type']

export interface TunnelChoice {
  /** undefined: none yet, or none at all. */
  readonly type: TunnelType | undefined
  /** Why it is not the configured one. */
  readonly problem: string | undefined
}

/**
 * The encapsulation to use. Geneve may always be used; VXLAN when the controller has released it, as the first chassis with it changes the whole deployment:
 * until it has spoken, only a node that has VXLAN already goes on with it.
 *
 * @param current what the switch is told now
 */
export function chooseTunnel(
  { tunnel }: Pick<Config, 'tunnel'>,
  annotations: Readonly<Record<string, string>> = {},
  current?: string,
): TunnelChoice {
  const { type } = tunnel
  if (type !== 'vxlan') return { type, problem: undefined }
  const released = annotations[annotationNames.node.tunnelType]
  const problem = annotations[annotationNames.node.tunnelProblem]
  if (released === 'vxlan' || (released === undefined && problem === undefined && current === 'vxlan'))
    return { type, problem: undefined }
  return { type: released === 'geneve' ? released : undefined, problem }
}
