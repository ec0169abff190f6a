import { type IpAddress, tryParseIp } from '@ovnkit/inet'
import type { Pod } from '@ovnkit/kube'
import { type Protocol, protocolOf } from './protocol.ts'

/** A port of the host that leads to a pod (core/v1 ContainerPort). */
export interface HostPort {
  /** Undefined: every address of the host. */
  readonly hostIp: IpAddress | undefined
  readonly hostPort: number
  readonly containerPort: number
  readonly protocol: Protocol
}

const none: readonly never[] = []

/** Those of containers that run as long as the pod does: restartable init containers are among them (KEP-753). */
export function hostPortsOf(spec: Pod['spec']): readonly HostPort[] {
  const sidecars = (spec?.initContainers ?? none).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const found = [...(spec?.containers ?? none), ...sidecars].flatMap(({ ports = none }) => ports.flatMap(hostPortOf))
  return found.length === 0 ? none : found
}

type ContainerPort = NonNullable<NonNullable<Pod['spec']>['containers'][number]['ports']>[number]

function hostPortOf({ hostIP = '', hostPort = 0, containerPort, protocol }: ContainerPort): HostPort[] {
  const known = protocolOf(protocol)
  if (hostPort === 0 || known === undefined) return []
  const ip = tryParseIp(hostIP)
  const everywhere = ip === undefined || ip === '0.0.0.0' || ip === '::'
  return [{ hostIp: everywhere ? undefined : ip, hostPort, containerPort, protocol: known }]
}
