import { createHash } from 'node:crypto'
import { defineResource, type ObjectMeta } from '@ovnkit/kube'
import { apiGroup, apiVersion } from './names.ts'

/** `providernetworks.network.zstack.io`: a physical network, and by which interface each node reaches it. */
export interface ProviderNetwork {
  apiVersion?: string
  kind?: string
  metadata?: ObjectMeta
  readonly spec: ProviderNetworkSpec
  readonly status?: ProviderNetworkStatus
}

export const providerNetworks = defineResource<ProviderNetwork>({
  group: apiGroup,
  version: apiVersion,
  plural: 'providernetworks',
  kind: 'ProviderNetwork',
  namespaced: false,
})

export interface ProviderNetworkSpec {
  /** Interface of the nodes that nothing else is said for. */
  readonly defaultInterface?: string
  /** The first entry that names a node or selects it by its labels decides. */
  readonly customInterfaces?: readonly CustomInterface[]
  /** Nodes without a way into the network. */
  readonly excludeNodes?: readonly string[]
  /** Take an interface although it has addresses; whatever used them stops working. */
  readonly allowAddresses?: boolean
}

export interface CustomInterface {
  readonly interface: string
  readonly nodes?: readonly string[]
  /** Labels that a node must have, all of them. */
  readonly nodeSelector?: Readonly<Record<string, string>>
}

export interface ProviderNetworkStatus {
  readonly readyNodes?: number
  readonly notReadyNodes?: number
  readonly nodes?: readonly ProviderNodeStatus[]
  readonly conditions?: readonly unknown[]
}

/** How a node reaches the network, or why it does not. */
export interface ProviderNodeStatus {
  readonly node: string
  readonly ready: boolean
  /** One CamelCase word. */
  readonly reason: string
  readonly message: string
  /** Bridge of Open vSwitch that carries the network. */
  readonly bridge?: string
  readonly interface?: string
}

/** The interface by which a node reaches a network; undefined when it is excluded or nothing is said for it. */
export function interfaceOf(
  spec: ProviderNetworkSpec,
  node: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
): string | undefined {
  if (spec.excludeNodes?.includes(node.name)) return undefined
  const own = spec.customInterfaces?.find(entry => concerns(entry, node))
  return own?.interface ?? spec.defaultInterface
}

function concerns(
  { nodes = [], nodeSelector = {} }: CustomInterface,
  node: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
): boolean {
  if (nodes.includes(node.name)) return true
  const wanted = Object.entries(nodeSelector)
  return wanted.length > 0 && wanted.every(([label, value]) => node.labels[label] === value)
}

/** Longest name of a link (IFNAMSIZ less the final zero). */
const longestLink = 15

/** Name of the bridge of a provider network: `br-<name>`, shortened with a hash where a link may not be called so. */
export function providerBridge(network: string): string {
  const plain = `br-${network}`
  if (plain.length <= longestLink) return plain
  const hash = createHash('sha256').update(network).digest('hex').slice(0, 6)
  return `br-${network.slice(0, longestLink - 4 - hash.length)}-${hash}`
}

/** Annotation `zstack.io/provider-networks` of a node: its networks and how it fares with them. */
export function formatProviderStates(states: Readonly<Record<string, Omit<ProviderNodeStatus, 'node'>>>): string {
  const sorted = Object.entries(states).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(Object.fromEntries(sorted))
}

/** Reads `formatProviderStates` back; what cannot be read is left out. */
export function parseProviderStates(text: string | undefined): Map<string, Omit<ProviderNodeStatus, 'node'>> {
  const found = new Map<string, Omit<ProviderNodeStatus, 'node'>>()
  for (const [network, value] of Object.entries(parseObject(text))) {
    const { ready, reason, message, bridge, interface: link } = parseObject(value)
    found.set(network, {
      ready: ready === true,
      reason: textOf(reason),
      message: textOf(message),
      ...(typeof bridge === 'string' && { bridge }),
      ...(typeof link === 'string' && { interface: link }),
    })
  }
  return found
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function parseObject(value: unknown): Record<string, unknown> {
  try {
    const object: unknown = typeof value === 'string' ? JSON.parse(value) : value
    return typeof object === 'object' && object !== null ? { ...object } : {}
  } catch {
    return {}
  }
}
