import { networkPolicyFacts, type Policy, policyKey } from '@ovnkit/cni-policy'
import { type KubeClient, type Mirror, mirror, resources } from '@ovnkit/kube'
import type { Logger } from '@ovnkit/process'
import { type ReadableStore, Store } from '@ovnkit/reconcile'
import { type NamespaceFacts, namespaceFacts } from '../facts/namespace.ts'
import { same } from '../facts/same.ts'

/** What the controller knows of network policies. */
export interface PolicySources {
  readonly namespaces: Store<NamespaceFacts>
  /** NetworkPolicies, `namespace/name`. */
  readonly networkPolicies: Store<Policy>
  readonly mirrors: readonly Mirror[]
}

export function startPolicySources(options: {
  client: KubeClient
  signal: AbortSignal
  logger: Logger
}): PolicySources {
  const namespaces = new Store<NamespaceFacts>({ name: 'namespaces', equals: same })
  const networkPolicies = new Store<Policy>({ name: 'network policies', equals: same })
  return {
    namespaces,
    networkPolicies,
    mirrors: [
      mirror({ ...options, resource: resources.namespaces, store: namespaces, trim: namespaceFacts }),
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
  let missing = kinds.length
  if (missing === 0) store.markSynced()
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
    stop.use(
      kind.onSynced(() => {
        missing--
        if (missing === 0) store.markSynced()
      }),
    )
  }
  return { store, stop }
}
