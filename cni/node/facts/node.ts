import { annotationNames } from '@ovnkit/cni-api'
import { type IpAddress, ipFamily, tryParseIp } from '@ovnkit/inet'
import type { Node } from '@ovnkit/kube'

/** What the agent keeps of its own Node. */
export interface NodeFacts {
  readonly uid: string
  /** InternalIPs, IPv4 first. */
  readonly internalIps: readonly IpAddress[]
  /** Label `topology.kubernetes.io/zone`; empty when it has none. */
  readonly zone: string
  readonly labels: Readonly<Record<string, string>>
  /** Our annotations. */
  readonly annotations: Readonly<Record<string, string>>
}

const kept = new Set<string>(Object.values(annotationNames.node))

export function nodeFacts({ metadata, status }: Node): NodeFacts {
  const addresses = status?.addresses ?? []
  const internalIps = addresses.flatMap(({ type, address }) => {
    const ip = type === 'InternalIP' ? tryParseIp(address) : undefined
    return ip === undefined ? [] : [ip]
  })
  return {
    uid: metadata?.uid ?? '',
    labels: metadata?.labels ?? {},
    internalIps: internalIps.sort((a, b) => ipFamily(a) - ipFamily(b)),
    zone: metadata?.labels?.['topology.kubernetes.io/zone'] ?? '',
    annotations: Object.fromEntries(Object.entries(metadata?.annotations ?? {}).filter(([name]) => kept.has(name))),
  }
}

/** Nodes report their health every few seconds: only what is kept counts as a change. */
export function sameNode(a: NodeFacts, b: NodeFacts): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
