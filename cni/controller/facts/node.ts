import { annotationNames, parseAddressList } from '@ovnkit/cni-api'
import { compareIp, type IpAddress, tryParseIp } from '@ovnkit/inet'
import type { Node } from '@ovnkit/kube'
import { pick } from './pod.ts'

/** What the controller keeps of a Node. Its status changes every few seconds; none of this does. */
export interface NodeFacts {
  readonly name: string
  readonly uid: string
  readonly labels: Readonly<Record<string, string>>
  /** Condition Ready, by the kubelet; false when it is silent. */
  readonly ready: boolean
  /** Not cordoned. */
  readonly schedulable: boolean
  /** Its InternalIPs, as written. */
  readonly internal: readonly IpAddress[]
  /** Every address of the host itself, sorted: what the agent found, or else the node's InternalIPs. */
  readonly addresses: readonly IpAddress[]
  /** Name of its chassis: what the agent recorded, or the node's own name until it has. */
  readonly chassis: string
  /** Label `topology.kubernetes.io/zone`; empty when it has none. */
  readonly zone: string
  /** Our annotations. */
  readonly annotations: Readonly<Record<string, string>>
}

const kept = new Set<string>(Object.values(annotationNames.node))

export function nodeFacts(node: Node): NodeFacts {
  const { metadata = {}, spec, status } = node
  const name = metadata.name ?? ''
  const annotations = pick(metadata.annotations, kept)
  const internal = (status?.addresses ?? []).flatMap(({ type, address }) =>
    type === 'InternalIP' ? (tryParseIp(address) ?? []) : [],
  )
  const found = parseAddressList(annotations[annotationNames.node.addresses] ?? '')
  const addresses = new Set([...internal, ...found].filter(address => !isLocal(address)))
  return {
    name,
    uid: metadata.uid ?? '',
    labels: metadata.labels ?? {},
    ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
    schedulable: spec?.unschedulable !== true,
    internal,
    addresses: [...addresses].sort(compareIp),
    chassis: annotations[annotationNames.node.chassis] || name,
    zone: metadata.labels?.['topology.kubernetes.io/zone'] ?? '',
    annotations,
  }
}

/** Loopback and link-local addresses mean another host on every host. */
function isLocal(address: IpAddress): boolean {
  return /^(127\.|169\.254\.|fe[89ab][0-9a-f]:|::1$)/.test(address)
}
