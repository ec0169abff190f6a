import { annotationNames, mirrorAnnotation, parsePodNetworks } from '@ovnkit/cni-api'
import { type IpAddress, tryParseIp } from '@ovnkit/inet'
import type { Pod } from '@ovnkit/kube'

/** A port of the host that leads to a pod (core/v1 ContainerPort). */
export interface HostPort {
  /** Undefined: every address of the host. */
  readonly hostIp: IpAddress | undefined
  readonly hostPort: number
  readonly containerPort: number
  readonly protocol: 'tcp' | 'udp' | 'sctp'
}

/** What the agent keeps of a pod of its node. */
export interface PodFacts {
  /** As the kubelet calls the pod in CNI_ARGS: of a static pod the hash of its configuration, which its mirror is annotated with. */
  readonly uid: string
  /** Annotation `k8s.ovn.org/pod-networks`, when the controller wrote it for this very pod: not what came with a copied manifest. */
  readonly network: string | undefined
  readonly hostPorts: readonly HostPort[]
  /** Its containers have ended for good. */
  readonly ended: boolean
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
    hostPorts: hostPortsOf(spec),
    ended: status?.phase === 'Succeeded' || status?.phase === 'Failed',
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

const none: readonly never[] = []

/** Those of containers that run as long as the pod does: restartable init containers are among them (KEP-753). */
function hostPortsOf(spec: Pod['spec']): readonly HostPort[] {
  const sidecars = (spec?.initContainers ?? none).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const found = [...(spec?.containers ?? none), ...sidecars].flatMap(({ ports = none }) => ports.flatMap(hostPortOf))
  return found.length === 0 ? none : found
}

type ContainerPort = NonNullable<NonNullable<Pod['spec']>['containers'][number]['ports']>[number]

function hostPortOf({ hostIP = '', hostPort = 0, containerPort, protocol = 'TCP' }: ContainerPort): HostPort[] {
  const known = protocols.find(name => name === protocol.toLowerCase())
  if (hostPort === 0 || known === undefined) return []
  const ip = tryParseIp(hostIP)
  const everywhere = ip === undefined || ip === '0.0.0.0' || ip === '::'
  return [{ hostIp: everywhere ? undefined : ip, hostPort, containerPort, protocol: known }]
}

const protocols = ['tcp', 'udp', 'sctp'] as const

/** Whether this is the pod that the kubelet calls by that UID. Runtimes that tell no UID get the pod of that name. */
export function isPod({ uid }: PodFacts, podUid: string): boolean {
  return podUid === '' || podUid === uid
}
