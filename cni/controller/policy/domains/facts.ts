import { type ResolvedName, type ResolvedNames, resolvedNames } from '@ovnkit/cni-api'
import { type KubeClient, type Mirror, mirror, type ObservedResource, observed } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { Store, same } from '@ovnkit/reconcile'

/** What a node has been asked to learn, and has learned. */
export interface ResolvedFacts {
  readonly uid: string
  readonly names: readonly ResolvedName[]
  /** Without its status. */
  readonly object: Omit<ResolvedNames, 'status'>
}

export interface DomainSources {
  /** By node. */
  readonly resolvedNames: Store<ResolvedFacts>
  readonly mirrors: readonly Mirror[]
  readonly observed: readonly ObservedResource[]
}

export function startDomainSources(options: {
  readonly client: KubeClient
  readonly signal: AbortSignal
  readonly logger: Logger
}): DomainSources {
  const store = new Store<ResolvedFacts>({ name: 'resolved names', equals: same })
  const follower = mirror({ ...options, resource: resolvedNames, optional: true, store, trim: resolvedFacts })
  return {
    resolvedNames: store,
    mirrors: [follower],
    observed: [
      observed({
        resource: resolvedNames,
        store,
        observe: ({ uid, object }) => ({ uid, object }),
        version: key => follower.version(key),
      }),
    ],
  }
}

export function resolvedFacts({
  apiVersion = '',
  kind = '',
  metadata = {},
  spec,
  status,
}: ResolvedNames): ResolvedFacts {
  const { name = '', uid = '', labels = {}, annotations = {} } = metadata
  return {
    uid,
    names: status?.names ?? [],
    object: { apiVersion, kind, metadata: { name, labels, annotations }, spec },
  }
}
