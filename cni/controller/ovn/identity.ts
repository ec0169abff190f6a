import { type Config, externalIds, managedBy } from '@ovnkit/cni-api'
import { type KubeClient, mirror, resources } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { type Ownership, Store } from '@ovnkit/reconcile'

/** Whose rows are ours in a database. */
export interface Identity {
  /** The cluster in the mark, where OVN is shared; undefined in an OVN of our own, which keeps its rows when the cluster is made anew. */
  readonly cluster: string | undefined
}

export function isOurs({ cluster }: Identity, ids: Pick<ReadonlyMap<string, string>, 'get'>): boolean {
  if (ids.get(externalIds.managedBy) !== managedBy) return false
  return cluster === undefined || ids.get(externalIds.cluster) === cluster
}

/** How the engine marks rows and knows them again. */
export function ownershipOf({ cluster }: Identity): Ownership {
  return {
    mark: [externalIds.managedBy, managedBy],
    owner: externalIds.owner,
    ...(cluster !== undefined && { scope: { [externalIds.cluster]: cluster } }),
  }
}

/** Part of the UUID of every row: two clusters never mean the same row, whatever they call it. */
export const namespaceOf = ({ cluster }: Identity): string => cluster ?? managedBy

const anchor = 'kube-system'

/**
 * Who we are: in external mode the UID of namespace `kube-system`, which no two clusters have in common and which stays for a cluster's life. Names would not do: two
 * clusters with one name would take each other's rows for their own and sweep them.
 */
export async function findIdentity(context: {
  readonly config: Pick<Config, 'ovn'>
  readonly client: KubeClient
  readonly logger: Logger
  readonly signal: AbortSignal
}): Promise<Identity> {
  const { config, client, logger, signal } = context
  if (config.ovn.mode !== 'external') return { cluster: undefined }
  const found = new AbortController()
  const store = new Store<string>({ name: 'identity' })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  using _ = store.subscribe((_, uid) => uid !== undefined && resolve(uid))
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  mirror({
    ...{ client, logger, store, resource: resources.namespaces },
    fieldSelector: `metadata.name=${anchor}`,
    trim: ({ metadata }) => metadata?.uid,
    signal: AbortSignal.any([signal, found.signal]),
  })
  try {
    return { cluster: await promise }
  } finally {
    found.abort()
    signal.removeEventListener('abort', onAbort)
  }
}
