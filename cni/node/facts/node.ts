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
  /** Neither being deleted nor about to be removed by the autoscaler: load balancers may send new connections (KEP-3836). */
  readonly eligible: boolean
  /** Our annotations. */
  readonly annotations: Readonly<Record<string, string>>
}

/** Of the cluster autoscaler. */
const leavingTaint = 'ToBeDeletedByClusterAutoscaler'

const kept = new Set<string>(Object.values(annotationNames.node))

export function nodeFacts({ metadata, spec, status }: Node): NodeFacts {
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
    eligible: metadata?.deletionTimestamp === undefined && !spec?.taints?.some(({ key }) => key === leavingTaint),
    annotations: Object.fromEntries(Object.entries(metadata?.annotations ?? {}).filter(([name]) => kept.has(name))),
  }
}
