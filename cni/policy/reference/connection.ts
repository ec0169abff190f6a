import type { Family } from './network.ts'
import type { ContainerPort } from './objects.ts'
import type { End, Party } from './party.ts'

/** The protocols that NetworkPolicy is defined for (concepts page, "Network traffic filtering"). */
export type Protocol = 'TCP' | 'UDP' | 'SCTP'

/** A new connection, as its destination sees it: to a Service's address means to the endpoint that answers. */
export interface Connection {
  readonly from: End
  readonly to: End
  readonly protocol: Protocol
  /** The destination's. */
  readonly port: number
  readonly family: Family
}

/** The destination of a connection as rules look at it. */
export interface Destination {
  readonly party: Party
  readonly protocol: Protocol
  readonly port: number
}

export type Direction = 'ingress' | 'egress'

/**
 * - `allow`, `deny`: decided; `next`: the next tier decides;
 * - `unspecified`: the documents leave it to the implementation, or contradict each other.
 */
export type Effect = 'allow' | 'deny' | 'next' | 'unspecified'

export interface Ruling {
  readonly effect: Effect
  readonly because: string
}

/** Whether a destination is the port of this name: names are the destination pod's own, so one may mean several numbers. */
export function isNamed({ party, protocol, port }: Destination, name: string, wanted?: string): boolean {
  const is = (one: ContainerPort) => one.name === name && one.containerPort === port && protocolOf(one) === protocol
  return (wanted ?? protocol) === protocol && party.kind === 'pod' && party.ports.some(is)
}

const protocolOf = ({ protocol }: ContainerPort) => protocol ?? 'TCP'
