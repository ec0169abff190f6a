/**
 * The paths of a packet to a Service, generated: who asks, what for, through which node, over what. What the API promises of each
 * stands in `promise.ts`.
 */
export const clients = ['pod', 'host', 'host-pod', 'outside'] as const
export type Client = (typeof clients)[number]

export const kinds = ['ClusterIP', 'NodePort', 'LoadBalancer', 'externalIP', 'headless', 'hostPort'] as const
export type Kind = (typeof kinds)[number]

/** Where the one endpoint of a Service is: the asking pod itself, a pod or a host-network pod on its node or another, or nowhere. */
export const endpoints = ['self', 'near', 'far', 'host-near', 'host-far', 'none'] as const
export type Endpoint = (typeof endpoints)[number]

export type Policy = 'Cluster' | 'Local'
export type Entry = 'near' | 'far'
export type Family = 4 | 6
export type Protocol = 'tcp' | 'udp'

export interface Cell {
  readonly client: Client
  readonly kind: Kind
  /** Internal for ClusterIP, external for what has an address for the outside; undefined where there is none. */
  readonly policy: Policy | undefined
  readonly endpoint: Endpoint
  /** The node whose address is asked, or through which the outside reaches an address: the pod's own node is the near one. */
  readonly entry: Entry | undefined
  readonly family: Family
  readonly protocol: Protocol
}

/** The node that has the endpoint. */
export function nodeOf(endpoint: Endpoint): Entry | undefined {
  if (endpoint === 'none') return undefined
  return endpoint === 'far' || endpoint === 'host-far' ? 'far' : 'near'
}

export const isHostNetwork = (endpoint: Endpoint) => endpoint === 'host-near' || endpoint === 'host-far'

/** Name of the Service of a cell; without one: the endpoint is asked directly. */
export const serviceOf = ({ kind, policy, endpoint }: Pick<Cell, 'kind' | 'policy' | 'endpoint'>) =>
  [kind, policy, endpoint]
    .filter(part => part !== undefined)
    .join('-')
    .toLowerCase()

const policies: readonly Policy[] = ['Cluster', 'Local']

function policiesOf(kind: Kind): readonly (Policy | undefined)[] {
  return kind === 'headless' || kind === 'hostPort' ? [undefined] : policies
}

/** Node ports and host ports are addresses of a node; the outside comes through a node to every address. */
function entriesOf(kind: Kind, client: Client): readonly (Entry | undefined)[] {
  if (kind === 'NodePort' || kind === 'hostPort') return ['near', 'far']
  return client === 'outside' ? ['near', 'far'] : [undefined]
}

function exists({ client, kind, endpoint, entry }: Omit<Cell, 'family' | 'protocol'>): boolean {
  // The outside has no way to the addresses inside.
  if (client === 'outside' && (kind === 'ClusterIP' || kind === 'headless')) return false
  if (kind === 'headless') return endpoint !== 'none'
  if (kind === 'hostPort') return (endpoint === 'near' || endpoint === 'far') && entry === endpoint
  return true
}

/** Every cell that means something, for the families of a cluster. */
export function allCells(families: readonly Family[]): Cell[] {
  const ways = clients.flatMap(client =>
    kinds.flatMap(kind =>
      policiesOf(kind).flatMap(policy =>
        endpoints.flatMap(endpoint =>
          entriesOf(kind, client).map(entry => ({ client, kind, policy, endpoint, entry })),
        ),
      ),
    ),
  )
  return ways
    .filter(exists)
    .flatMap(way =>
      families.flatMap(family => (['tcp', 'udp'] as const).map(protocol => ({ ...way, family, protocol }))),
    )
}
