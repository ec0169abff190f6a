import type { Family, IpAddress } from '@ovnkit/inet'
import type { ServiceFacts, ServicePort } from '../facts/service.ts'
import type { EndpointState, Hints, SliceFacts } from '../facts/slice.ts'

/** One place where a port of a Service is served. */
export interface Endpoint {
  readonly address: IpAddress
  readonly port: number
  readonly state: EndpointState
  readonly node: string
  readonly hints: Hints | undefined
}

/**
 * Where a port of a Service is served in one family, from all of its slices: each slice has its own number for the port (a rollout may change it), found by name and
 * protocol. An endpoint that is in several slices counts once, in its best state. Sorted, so that equal sets are equal lists.
 *
 * @param slices those of the Service, of any family, in any order
 */
export function endpointsOf(
  service: Pick<ServiceFacts, 'publishNotReady'>,
  port: Pick<ServicePort, 'name' | 'protocol'>,
  family: Family,
  slices: Iterable<SliceFacts>,
): readonly Endpoint[] {
  const found = new Map<string, Endpoint>()
  for (const slice of slices) {
    if (slice.family !== family) continue
    const number = slice.ports.find(one => one.name === port.name && one.protocol === port.protocol)?.port
    if (number === undefined) continue
    for (const { address, state, node, hints } of slice.endpoints) {
      const key = `${address} ${number}`
      const endpoint = { address, port: number, state: service.publishNotReady ? 'ready' : state, node, hints } as const
      const known = found.get(key)
      if (known === undefined || isBetter(endpoint, known)) found.set(key, endpoint)
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint)
}

const rank: Readonly<Record<EndpointState, number>> = { ready: 0, draining: 1, down: 2 }

/** Of two records of one endpoint; what they say further decides between equal states, so that the order of slices does not. */
function isBetter(a: Endpoint, b: Endpoint): boolean {
  return rank[a.state] < rank[b.state] || (rank[a.state] === rank[b.state] && textOf(a) > textOf(b))
}

function textOf({ node, hints }: Endpoint): string {
  return `${node} ${hints?.zones ?? ''} ${hints?.nodes ?? ''}`
}
