/** What the choice of a Subnet needs to know of it. */
export interface Candidate {
  readonly subnet: string
  /** Key of its network; undefined while the Subnet is not usable. */
  readonly network: string | undefined
  /** Gives new addresses: valid, and not being deleted. */
  readonly open: boolean
  /** Why it is not open, for the pod's Event. */
  readonly problem: string
  /** Namespaces that it serves, and that alone it serves; empty: any that ask for it. */
  readonly namespaces: readonly string[]
  readonly created: number
}

/** The Subnets as the choice sees them. */
export interface Candidates {
  get(subnet: string): Candidate | undefined
  /** Those whose `namespaces` hold this one. */
  forNamespace(namespace: string): readonly Candidate[]
  /** The Subnet for pods that nothing else decides for. */
  default(): Candidate | undefined
}

/** Networks to try in this order; or why there is none. */
export type Selection =
  | { readonly kind: 'networks'; readonly networks: readonly string[] }
  | { readonly kind: 'waiting' | 'invalid'; readonly reason: string; readonly message: string }

/**
 * Chooses a pod's Subnet: the one that it names, else those that list its namespace (oldest first), else the default.
 * A Subnet that lists namespaces is closed to all others, also to those that name it.
 */
export function selectNetworks(
  pod: { namespace: string; subnet: string | undefined },
  candidates: Candidates,
): Selection {
  if (pod.subnet !== undefined && pod.subnet !== '') return named(pod.subnet, pod.namespace, candidates)
  const bound = candidates.forNamespace(pod.namespace)
  if (bound.length > 0) return firstOpen(bound)
  const fallback = candidates.default()
  if (fallback !== undefined) return firstOpen([fallback])
  return {
    kind: 'waiting',
    reason: 'NoSubnet',
    message: `no Subnet serves namespace ${pod.namespace} and none is the default: create one with spec.default: true, or name one in the annotation zstack.io/subnet`,
  }
}

function named(subnet: string, namespace: string, candidates: Candidates): Selection {
  const candidate = candidates.get(subnet)
  if (candidate === undefined) {
    return {
      kind: 'waiting',
      reason: 'SubnetNotFound',
      message: `Subnet ${subnet}, which the pod asks for, does not exist`,
    }
  }
  if (candidate.namespaces.length > 0 && !candidate.namespaces.includes(namespace)) {
    return {
      kind: 'invalid',
      reason: 'SubnetNotPermitted',
      message: `Subnet ${subnet} is for the namespaces ${candidate.namespaces.join(', ')} only; add ${namespace} to its spec.namespaces or choose another`,
    }
  }
  return firstOpen([candidate])
}

function firstOpen(candidates: readonly Candidate[]): Selection {
  const networks = candidates
    .toSorted((a, b) => a.created - b.created || (a.subnet < b.subnet ? -1 : 1))
    .flatMap(candidate => (candidate.open && candidate.network !== undefined ? [candidate.network] : []))
  if (networks.length > 0) return { kind: 'networks', networks }
  const why = candidates.map(candidate => `${candidate.subnet}: ${candidate.problem}`).join('; ')
  return { kind: 'waiting', reason: 'SubnetNotReady', message: `the pod's Subnet gives no addresses now (${why})` }
}
