import type { Protocol } from '../group.ts'
import { PolicyMistake } from '../mistake.ts'
import type { PortMatch } from '../rule.ts'
import type { ApiPort, ApiProtocol } from './objects.ts'

const protocols: readonly Protocol[] = ['TCP', 'UDP', 'SCTP']

/**
 * A port of v1alpha1. A name alone is one of any protocol.
 * @throws PolicyMistake for what is none
 */
export function portsOf({ portNumber, portRange, namedPort }: ApiPort): PortMatch[] {
  if (portNumber) return [{ protocol: protocolOf(portNumber.protocol), port: portNumber.port }]
  if (portRange) return [{ protocol: protocolOf(portRange.protocol), port: portRange.start, endPort: portRange.end }]
  if (namedPort) return named(namedPort)
  throw new PolicyMistake('expected portNumber, portRange or namedPort as a port, got none of them')
}

/**
 * A protocol of v1alpha2.
 * @throws PolicyMistake for what is none
 */
export function protocolsOf({ tcp, udp, sctp, destinationNamedPort: name }: ApiProtocol): PortMatch[] {
  if (name) return named(name)
  for (const [protocol, match] of [['TCP', tcp] as const, ['UDP', udp] as const, ['SCTP', sctp] as const]) {
    if (!match) continue
    const { number, range } = match.destinationPort ?? {}
    if (number) return [{ protocol, port: number }]
    if (range) return [{ protocol, port: range.start, endPort: range.end }]
    throw new PolicyMistake(`expected destinationPort with number or range of ${protocol}, got neither`)
  }
  throw new PolicyMistake('expected tcp, udp, sctp or destinationNamedPort as a protocol, got none of them')
}

const named = (name: string): PortMatch[] => protocols.map(protocol => ({ protocol, name }))

function protocolOf(text = 'TCP'): Protocol {
  const protocol = protocols.find(one => one === text)
  if (protocol === undefined) throw new PolicyMistake(`expected protocol ${protocols.join(', ')}, got "${text}"`)
  return protocol
}
