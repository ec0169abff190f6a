import type { Endpoint } from './endpoints.ts'

/** Where a client is: endpoints may be chosen by it. */
export interface Place {
  readonly node: string
  /** Label `topology.kubernetes.io/zone` of the node; empty when it has none. */
  readonly zone: string
}

/**
 * Endpoints for clients whom policy Cluster serves: the ready ones, of those the ones that hints give to the client's place; when none is ready, those that are terminating
 * and still serve (KEP-1669).
 *
 * @param place undefined: a client of no particular place, whom no hint concerns
 */
export function clusterEndpoints(endpoints: readonly Endpoint[], place?: Place): readonly Endpoint[] {
  const ready = endpoints.filter(({ state }) => state === 'ready')
  if (ready.length === 0) return endpoints.filter(({ state }) => state === 'draining')
  return place === undefined ? ready : nearest(ready, place)
}

/** Endpoints on one node, for policy Local: the ready ones, or else those that are terminating and still serve. */
export function localEndpoints(endpoints: readonly Endpoint[], node: string): readonly Endpoint[] {
  return clusterEndpoints(endpoints.filter(endpoint => endpoint.node === node))
}

/**
 * Whether anybody serves at all. A node without endpoints of its own under policy Local drops a packet while somebody else serves, and rejects it when nobody does.
 */
export function isServed(endpoints: readonly Endpoint[]): boolean {
  return endpoints.some(({ state }) => state !== 'down')
}

/** What decides between clients of different places: `node`, `zone`, or nothing. Within policy Cluster. */
export function hintedBy(endpoints: readonly Endpoint[]): { readonly nodes: boolean; readonly zones: boolean } {
  const ready = endpoints.filter(({ state }) => state === 'ready')
  return { nodes: ready.length > 0 && allHinted(ready, 'nodes'), zones: ready.length > 0 && allHinted(ready, 'zones') }
}

/**
 * Hints count only when every ready endpoint has one: a half-written set must not overload the few that have. And only when they leave somebody: a node or zone without an
 * endpoint of its own uses all. Nodes come before zones (KEP-3015).
 */
function nearest(ready: readonly Endpoint[], { node, zone }: Place): readonly Endpoint[] {
  return hintedTo(ready, 'nodes', node) ?? hintedTo(ready, 'zones', zone) ?? ready
}

function hintedTo(ready: readonly Endpoint[], by: 'nodes' | 'zones', name: string): readonly Endpoint[] | undefined {
  if (name === '' || !allHinted(ready, by)) return undefined
  const near = ready.filter(({ hints }) => hints?.[by].includes(name))
  return near.length > 0 ? near : undefined
}

function allHinted(ready: readonly Endpoint[], by: 'nodes' | 'zones'): boolean {
  return ready.every(({ hints }) => hints !== undefined && hints[by].length > 0)
}
