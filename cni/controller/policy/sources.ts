import { networkPolicyFacts, type Policy, policyKey } from '@ovnkit/cni-policy'
import { type KubeClient, type Labels, type Mirror, mirror, resources } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'
import { completeWith, derive } from '../derived.ts'
import { type NamespaceFacts, namespaceFacts } from '../facts/namespace.ts'

/** What the controller knows of network policies, and of namespaces. */
export interface PolicySources {
  readonly namespaceFacts: Store<NamespaceFacts>
  /** Labels of namespaces. */
  readonly namespaces: Store<Labels>
  /** Annotation `zstack.io/security-groups` of the namespaces that have one. */
  readonly namespaceGroups: Store<string>
  /** NetworkPolicies, `namespace/name`. */
  readonly networkPolicies: Store<Policy>
  readonly mirrors: readonly Mirror[]
}

export function startPolicySources(options: {
  client: KubeClient
  signal: AbortSignal
  logger: Logger
}): PolicySources {
  const namespaceStore = new Store<NamespaceFacts>({ name: 'namespaces', equals: same })
  const namespaces = new Store<Labels>({ name: 'labels of namespaces', equals: same })
  const namespaceGroups = new Store<string>({ name: 'groups of namespaces' })
  derive(namespaceStore, namespaces, ({ labels }) => labels)
  derive(namespaceStore, namespaceGroups, ({ securityGroups }) => securityGroups)
  const networkPolicies = new Store<Policy>({ name: 'network policies', equals: same })
  return {
    namespaceFacts: namespaceStore,
    namespaces,
    namespaceGroups,
    networkPolicies,
    mirrors: [
      mirror({ ...options, resource: resources.namespaces, store: namespaceStore, trim: namespaceFacts }),
      mirror({ ...options, resource: resources.networkPolicies, store: networkPolicies, trim: networkPolicyFacts }),
    ],
  }
}

/** Policies of all kinds by `policyKey`; complete when all kinds are. */
export function gatherPolicies(kinds: readonly ReadableStore<Policy>[]): {
  readonly store: Store<Policy>
  readonly stop: Disposable
} {
  const store = new Store<Policy>({ name: 'policies' })
  const stop = new DisposableStack()
  for (const kind of kinds) {
    for (const key of kind.keys()) {
      const policy = kind.get(key)
      if (policy !== undefined) store.set(policyKey(policy), policy)
    }
    stop.use(
      kind.subscribe((_, policy, old) => {
        if (policy !== undefined) store.set(policyKey(policy), policy)
        else if (old !== undefined) store.delete(policyKey(old))
      }),
    )
  }
  stop.use(completeWith(kinds, store))
  return { store, stop }
}
