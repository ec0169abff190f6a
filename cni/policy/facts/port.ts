import type { Protocol } from '../group.ts'
import { PolicyMistake } from '../mistake.ts'
import type { PortMatch } from '../rule.ts'

/** networking.k8s.io/v1 NetworkPolicyPort. */
export interface ApiPort {
  readonly protocol?: string
  /** A number, or the name of container ports. */
  readonly port?: number | string
  readonly endPort?: number
}

/** @throws PolicyMistake */
export function parsePort({ protocol: named, port, endPort }: ApiPort): PortMatch {
  const protocol = parseProtocol(named)
  if (port === undefined) {
    if (endPort !== undefined) throw new PolicyMistake('endPort needs a port where the range begins')
    return { protocol }
  }
  if (typeof port === 'string') {
    if (endPort !== undefined) throw new PolicyMistake(`endPort needs a number where the range begins, got "${port}"`)
    if (port === '') throw new PolicyMistake('expected a port number or name, got an empty text')
    return { protocol, name: port }
  }
  if (endPort === undefined) return { protocol, port: portNumber(port) }
  if (endPort < port) throw new PolicyMistake(`expected endPort to be ${port} or more, got ${endPort}`)
  return { protocol, port: portNumber(port), endPort: portNumber(endPort) }
}

/** Absent means TCP. */
export function parseProtocol(text = 'TCP'): Protocol {
  if (text === 'TCP' || text === 'UDP' || text === 'SCTP') return text
  throw new PolicyMistake(`expected protocol TCP, UDP or SCTP, got "${text}"`)
}

function portNumber(value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value
  throw new PolicyMistake(`expected a port number of 1 to 65535, got ${value}`)
}
