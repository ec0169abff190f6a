import { type Cidr, cidrOf, type IpAddress, type Mac, parseCidr, parseIp, parseMac } from '@ovnkit/inet'

export interface PodRoute {
  readonly destination: Cidr
  readonly nextHop: IpAddress
}

/** The network of a pod, as the controller decided it. */
export interface PodNetwork {
  /** One address of each family that the pod has, with the prefix length of its network. */
  readonly addresses: readonly { readonly ip: IpAddress; readonly prefixLength: number }[]
  readonly mac: Mac
  /** Default gateways, at most one of each family. */
  readonly gateways: readonly IpAddress[]
  /** Routes beside the default one. */
  readonly routes: readonly PodRoute[]
}

/** The value of annotation `k8s.ovn.org/pod-networks`, the network under the name `default`. */
export function formatPodNetworks(network: PodNetwork): string {
  return JSON.stringify({
    default: {
      ip_addresses: network.addresses.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`),
      mac_address: network.mac,
      gateway_ips: network.gateways,
      routes: network.routes.map(({ destination, nextHop }) => ({ dest: destination.text, nextHop })),
    },
  })
}

/**
 * Read the annotation back: the nested form, or the flat one without `default` that older releases wrote.
 * @throws TypeError or InetError when it is neither
 */
export function parsePodNetworks(text: string): PodNetwork {
  const outer: unknown = JSON.parse(text)
  const network = field(outer, 'default') ?? outer
  const mac = field(network, 'mac_address')
  if (typeof mac !== 'string') throw new TypeError(`expected k8s.ovn.org/pod-networks with a mac_address, got ${text}`)
  return {
    addresses: strings(network, 'ip_addresses').map(parseInterfaceAddress),
    mac: parseMac(mac),
    gateways: strings(network, 'gateway_ips').map(parseIp),
    routes: list(network, 'routes').map(route => ({
      destination: parseCidr(String(field(route, 'dest')), { hostBits: 'mask' }),
      nextHop: parseIp(String(field(route, 'nextHop'))),
    })),
  }
}

/**
 * `10.244.1.5/16`: an address and the network that it lies in.
 * @throws InetError
 */
export function parseInterfaceAddress(text: string): { ip: IpAddress; prefixLength: number } {
  const { prefixLength } = parseCidr(text, { hostBits: 'mask' })
  const ip = parseIp(text.slice(0, text.indexOf('/')))
  return { ip, prefixLength: cidrOf(ip, prefixLength).prefixLength }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function list(value: unknown, name: string): readonly unknown[] {
  const inner = field(value, name) ?? []
  if (!Array.isArray(inner)) throw new TypeError(`expected a list in ${name}, got ${JSON.stringify(inner)}`)
  return inner
}

function strings(value: unknown, name: string): string[] {
  return list(value, name).map(item => {
    if (typeof item !== 'string') throw new TypeError(`expected texts in ${name}, got ${JSON.stringify(item)}`)
    return item
  })
}
