import type { Pod } from '@ovnkit/kube'
import type { NamedPort, Protocol } from '../group.ts'

const none: readonly never[] = []

/** The container ports of a pod that have names, of containers that run as long as the pod does: restartable init containers are among them (KEP-753). Of a name that is there twice the first counts. */
export function namedPortsOf(spec: Pod['spec']): readonly NamedPort[] {
  const sidecars = (spec?.initContainers ?? none).filter(({ restartPolicy }) => restartPolicy === 'Always')
  const found = [...(spec?.containers ?? none), ...sidecars].flatMap(({ ports = none }) =>
    ports.flatMap(({ name, protocol = 'TCP', containerPort: number }): NamedPort[] =>
      name !== undefined && isProtocol(protocol) ? [{ protocol, name, number }] : [],
    ),
  )
  const unique = new Map(found.reverse().map(port => [`${port.protocol} ${port.name}`, port]))
  return unique.size === 0 ? none : [...unique.values()].reverse()
}

const isProtocol = (text: string): text is Protocol => text === 'TCP' || text === 'UDP' || text === 'SCTP'
