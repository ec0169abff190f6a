import { type IpAddress, ipFamily, type Mac, parseIp, parseMac } from '@ovnkit/inet'
import * as z from 'zod'
import type { InterfaceAddress } from './node-annotations.ts'
import { parseInterfaceAddress } from './pod-networks.ts'

/** How a node in gateway mode `shared` stands in the outer network, as `zstack.io/node-gateway` tells the controller. */
export interface NodeGateway {
  /** Of the NIC, of its bridge and of the gateway router alike. */
  readonly mac: Mac
  /** The node's addresses in the outer network, at most one of each family, IPv4 first. */
  readonly addresses: readonly InterfaceAddress[]
  /** The outer network's routers, at most one of each family. */
  readonly nextHops: readonly IpAddress[]
  /** Bytes that a pod's packet may have. */
  readonly mtu: number
  /** The bridge takes pods' traffic: it can be sent there. */
  readonly ready: boolean
}

const shape = z.object({
  mac: z.string(),
  addresses: z.array(z.string()),
  nextHops: z.array(z.string()),
  mtu: z.int(),
  ready: z.boolean(),
})

export function formatNodeGateway({ addresses, ...rest }: NodeGateway): string {
  return JSON.stringify({ ...rest, addresses: addresses.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`) })
}

/** Reads `formatNodeGateway` back; undefined when it is something else, which somebody wrote by hand. */
export function parseNodeGateway(text: string): NodeGateway | undefined {
  try {
    const { mac, addresses, nextHops, mtu, ready } = shape.parse(JSON.parse(text))
    const own = addresses.map(parseInterfaceAddress).sort((a, b) => ipFamily(a.ip) - ipFamily(b.ip))
    return { mac: parseMac(mac), addresses: own, nextHops: nextHops.map(parseIp), mtu, ready }
  } catch {
    return undefined
  }
}
