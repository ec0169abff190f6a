import {
  type AdminFacts,
  adminKey,
  adminPolicyFacts,
  baselinePolicyFacts,
  clusterPolicyFacts,
} from '@ovnkit/cni-policy'
import {
  type KubeClient,
  type KubeObject,
  type Mirror,
  mirrorDefined,
  type ObservedResource,
  observed,
  type Resource,
} from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { Store, same } from '@ovnkit/reconcile'
import { completeWith } from '../../derived.ts'
import { adminResources } from './resources.ts'

/** What the controller knows of policies of the whole cluster. */
export interface AdminSources {
  /** By kind and name. */
  readonly adminPolicies: Store<AdminFacts>
  readonly mirrors: readonly Mirror[]
  readonly observed: readonly ObservedResource[]
}

interface Held {
  readonly facts: AdminFacts
  readonly status: Readonly<Record<string, unknown>> | undefined
}

interface Options {
  readonly client: KubeClient
  readonly signal: AbortSignal
  readonly logger: Logger
}

export function startAdminSources(options: Options): AdminSources {
  const adminPolicies = new Store<AdminFacts>({ name: 'policies of the cluster', equals: same })
  const follow = <T extends KubeObject & { readonly status?: object }>(
    resource: Resource<T>,
    factsOf: (object: T) => AdminFacts,
  ) => followKind(options, adminPolicies, { resource, factsOf })
  const kinds = [
    follow(adminResources.AdminNetworkPolicy, adminPolicyFacts),
    follow(adminResources.BaselineAdminNetworkPolicy, baselinePolicyFacts),
    follow(adminResources.ClusterNetworkPolicy, clusterPolicyFacts),
  ]
  completeWith(
    kinds.map(({ store }) => store),
    adminPolicies,
  )
  return {
    adminPolicies,
    mirrors: kinds.map(({ mirror }) => mirror),
    observed: kinds.map(({ resource, store, mirror }) =>
      observed({
        resource,
        store,
        observe: ({ facts: { uid }, status }) => ({ uid, status }),
        version: key => mirror.version(key),
      }),
    ),
  }
}

/** One kind's objects as they are, status and all, for what writes them; of what they say the rest is told. */
function followKind<T extends KubeObject & { readonly status?: object }>(
  options: Options,
  into: Store<AdminFacts>,
  { resource, factsOf }: { readonly resource: Resource<T>; readonly factsOf: (object: T) => AdminFacts },
) {
  const store = new Store<Held>({ name: resource.plural, equals: same })
  store.subscribe((_, held, old) => {
    if (held !== undefined) into.set(adminKey(held.facts), held.facts)
    else if (old !== undefined) into.delete(adminKey(old.facts))
  })
  const trim = (object: T): Held => ({ facts: factsOf(object), status: object.status && { ...object.status } })
  return { resource, store, mirror: mirrorDefined({ ...options, resource, store, trim }) }
}
