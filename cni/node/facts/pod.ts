import { annotationNames, mirrorAnnotation, parsePodNetworks, readBandwidth } from '@ovnkit/cni-api'
import { type HostPort, hostPortsOf } from '@ovnkit/cni-service'
import type { IpAddress } from '@ovnkit/inet'
import type { Pod } from '@ovnkit/kube'

/** What the agent keeps of a pod of its node. */
export interface PodFacts {
  /** As the kubelet calls the pod in CNI_ARGS: of a static pod the hash of its configuration, which its mirror is annotated with. */
  readonly uid: string
  /** Annotation `k8s.ovn.org/pod-networks`, when the controller wrote it for this very pod: not what came with a copied manifest. */
  readonly network: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly hostPorts: readonly HostPort[]
  /** Its containers have ended for good. */
  readonly ended: boolean
  /** Name of the Subnet that the network is of. */
  readonly subnet?: string | undefined
  /** What is wrong with the pod's bandwidth annotations; a pod is not started without the limits that were meant for it. */
  readonly problem?: string | undefined
  /** How it wants to be attached. */
  readonly interfaceType?: string | undefined
}

/** @returns undefined for a pod that uses the node's network */
export function podFacts({ metadata, spec, status }: Pod): PodFacts | undefined {
  if (spec?.hostNetwork === true) return undefined
  const { annotations = {} } = metadata ?? {}
  const uid = annotations[mirrorAnnotation] ?? metadata?.uid ?? ''
  const own = annotations[annotationNames.pod.podUid] === uid
  return {
    uid,
    network: own ? annotations[annotationNames.pod.podNetworks] : undefined,
    labels: metadata?.labels ?? {},
    hostPorts: hostPortsOf(spec),
    ended: status?.phase === 'Succeeded' || status?.phase === 'Failed',
    subnet: own ? annotations[annotationNames.pod.subnet] : undefined,
    interfaceType: annotations[annotationNames.pod.interfaceType],
    problem: readBandwidth(annotations).problems.join('; ') || undefined,
  }
}

/** Addresses that the controller gave the pod; none while it has not, or where the record cannot be read. */
export function addressesOf({ network }: Pick<PodFacts, 'network'>): readonly IpAddress[] {
  if (network === undefined) return []
  try {
    return parsePodNetworks(network).addresses.map(({ ip }) => ip)
  } catch {
    return []
  }
}

/** Whether this is the pod that the kubelet calls by that UID. Runtimes that tell no UID get the pod of that name. */
export function isPod({ uid }: PodFacts, podUid: string): boolean {
  return podUid === '' || podUid === uid
}
