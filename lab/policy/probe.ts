import { type Connection, mayConnect, type Verdict, type World } from '@ovnkit/cni-policy/reference'
import type { Asked } from './round.ts'

/** A connection to ask for, and what the documents say of it. */
export interface Probe extends Asked {
  readonly connection: Connection
  readonly verdict: Verdict
  /** Who ought to answer. */
  readonly to: string
  /** The Service's address is asked. */
  readonly service: boolean
  /** Whom the other one ought to see; undefined: an address of a node. */
  readonly source: string | undefined
}

export interface Place {
  readonly name: string
  readonly addresses: readonly string[]
  readonly end: Connection['from']
}

export const inFamily = (addresses: readonly string[], family: 4 | 6) =>
  addresses.find(address => address.includes(':') === (family === 6))

export type How = Pick<Connection, 'protocol' | 'port' | 'family'>

/** What to ask one place from another; undefined: one of them has no address in the family. */
export function probe(world: World, from: Place, to: Place, how: How): Omit<Probe, 'id'> | undefined {
  const { family, port } = how
  const protocol = how.protocol === 'UDP' ? 'UDP' : 'TCP'
  const [address, own] = [inFamily(to.addresses, family), inFamily(from.addresses, family)]
  if (address === undefined || own === undefined) return undefined
  const connection = { from: from.end, to: to.end, ...how }
  const verdict = mayConnect(world, connection)
  const source = 'pod' in to.end && !('node' in from.end) ? own : undefined
  const names = { from: from.name, to: to.name }
  return { connection, verdict, expected: verdict.allowed, protocol, address, port, source, service: false, ...names }
}
