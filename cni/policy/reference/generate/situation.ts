import type { ClusterPolicy, Labels, NetworkPolicy } from '../objects.ts'

/** A pod that may be there: what of it can't be changed while it runs. */
export interface PoolPod {
  /** `namespace/name`. */
  readonly key: string
  readonly node: string
  readonly ports: readonly { readonly name: string; readonly containerPort: number; readonly protocol: string }[]
}

/** Labels of what is there, and the policies by `namespace/name` or `Kind/name`. Networks in policies may be tokens (`place.ts`). */
export interface Situation {
  readonly namespaces: ReadonlyMap<string, Labels>
  /** Labels that nodes have beside their own. */
  readonly nodes: ReadonlyMap<string, Labels>
  readonly pods: ReadonlyMap<string, Labels>
  readonly policies: ReadonlyMap<string, NetworkPolicy>
  readonly clusterPolicies: ReadonlyMap<string, ClusterPolicy>
}

export type Change =
  | { readonly kind: 'namespace labelled'; readonly namespace: string; readonly labels: Labels }
  | { readonly kind: 'pod labelled'; readonly pod: string; readonly labels: Labels }
  /** The pod goes if it is there, and comes with these labels if it is not. */
  | { readonly kind: 'pod comes or goes'; readonly pod: string; readonly labels: Labels }
  | { readonly kind: 'policy'; readonly policy: NetworkPolicy }
  | { readonly kind: 'policy removed'; readonly policy: string }
  | { readonly kind: 'node labelled'; readonly node: string; readonly labels: Labels }
  | { readonly kind: 'cluster policy'; readonly policy: ClusterPolicy }
  | { readonly kind: 'cluster policy removed'; readonly policy: string }

export const policyKey = ({ metadata }: NetworkPolicy): string => `${metadata?.namespace}/${metadata?.name}`
export const clusterPolicyKey = ({ kind, metadata }: ClusterPolicy): string => `${kind}/${metadata?.name}`

/** The situation after a change; one that does not concern anything that is there changes nothing. */
export function changed(situation: Situation, change: Change): Situation {
  const { namespaces, nodes, pods, policies, clusterPolicies } = situation
  switch (change.kind) {
    case 'namespace labelled':
      return { ...situation, namespaces: new Map(namespaces).set(change.namespace, change.labels) }
    case 'pod labelled':
      return pods.has(change.pod) ? { ...situation, pods: new Map(pods).set(change.pod, change.labels) } : situation
    case 'pod comes or goes':
      return {
        ...situation,
        pods: pods.has(change.pod) ? without(pods, change.pod) : new Map(pods).set(change.pod, change.labels),
      }
    case 'policy':
      return { ...situation, policies: new Map(policies).set(policyKey(change.policy), change.policy) }
    case 'policy removed':
      return { ...situation, policies: without(policies, change.policy) }
    case 'node labelled':
      return { ...situation, nodes: new Map(nodes).set(change.node, change.labels) }
    case 'cluster policy':
      return {
        ...situation,
        clusterPolicies: new Map(clusterPolicies).set(clusterPolicyKey(change.policy), change.policy),
      }
    case 'cluster policy removed':
      return { ...situation, clusterPolicies: without(clusterPolicies, change.policy) }
  }
}

function without<T>(map: ReadonlyMap<string, T>, key: string): Map<string, T> {
  const rest = new Map(map)
  rest.delete(key)
  return rest
}
