import type { Endpoint } from '@ovnkit/cni-service'
import type { Family, IpAddress } from '@ovnkit/inet'
import { NftChain, NftSet } from '@ovnkit/linux'
import type { Desired } from '@ovnkit/reconcile'
import { hostTable } from '../host/table.ts'

const table = hostTable

/** One port of a Service in one family. */
export interface PortOf {
  /** `namespace/name/protocol/port/family`: what names of its chains end in. */
  readonly id: string
  readonly family: Family
  /** As nftables calls it. */
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  /** Seconds for which a client keeps its endpoint; 0: not at all. */
  readonly affinity: number
}

/** A rule's last part: to one place. */
export function translateTo(port: Pick<PortOf, 'family' | 'protocol'>, address: IpAddress, number: number): string {
  const place = port.family === 4 ? `ip to ${address}` : `ip6 to [${address}]`
  return `meta l4proto ${port.protocol} dnat ${place}:${number}`
}

/** Rules that choose one of the endpoints, at random, or the one that a client had before. */
export function balanceRules(port: PortOf, endpoints: readonly Endpoint[]): string[] {
  if (port.affinity > 0) return affineRules(port, endpoints)
  const [only] = endpoints
  if (only === undefined) return []
  if (endpoints.length === 1) return [translateTo(port, only.address, only.port)]
  const places = endpoints.map(({ address, port: number }, i) => `${i} : ${address} . ${number}`)
  const choice = `numgen random mod ${endpoints.length} map { ${places.join(', ')} }`
  return [`meta l4proto ${port.protocol} dnat ${port.family === 4 ? 'ip' : 'ip6'} to ${choice}`]
}

function affineRules(port: PortOf, endpoints: readonly Endpoint[]): string[] {
  if (endpoints.length === 0) return []
  const source = port.family === 4 ? 'ip saddr' : 'ip6 saddr'
  const known = endpoints.map(endpoint => `${source} @${clientsOf(port, endpoint)} goto ${chainOf(port, endpoint)}`)
  const choices = endpoints.map((endpoint, i) => `${i} : goto ${chainOf(port, endpoint)}`)
  return [...known, `numgen random mod ${endpoints.length} vmap { ${choices.join(', ')} }`]
}

/** What affinity needs for each endpoint: the clients that it has, and a chain that remembers one more. They live as long as the endpoint does. */
export function affinityObjects(port: PortOf, endpoints: readonly Endpoint[]): Desired[] {
  if (port.affinity === 0) return []
  const [type, source] = port.family === 4 ? ['ipv4_addr', 'ip saddr'] : ['ipv6_addr', 'ip6 saddr']
  return endpoints.flatMap(endpoint => {
    const name = clientsOf(port, endpoint)
    const rules = [`update @${name} { ${source} }`, translateTo(port, endpoint.address, endpoint.port)]
    return [
      new NftSet({ table, name, type, timeout: port.affinity }),
      new NftChain({ table, name: chainOf(port, endpoint), rules }),
    ]
  })
}

/** Colons cannot be part of a name. */
const endpointName = ({ address, port }: Endpoint): string => `${address.replaceAll(':', '.')}/${port}`
const clientsOf = (port: PortOf, endpoint: Endpoint): string => `clients/${port.id}/${endpointName(endpoint)}`
const chainOf = (port: PortOf, endpoint: Endpoint): string => `endpoint/${port.id}/${endpointName(endpoint)}`
