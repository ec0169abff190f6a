import type { ClusterPolicy, World } from '@ovnkit/cni-policy/reference'
import {
  type AddressOf,
  clusterPolicyKey,
  clusterPolicyKeys,
  resolvedClusterPolicy,
  type Situation,
} from '@ovnkit/cni-policy/testing'
import { defineResource, isApiError, type KubeClient, type KubeObject } from '@ovnkit/kube'

export interface Condition {
  readonly type: string
  readonly status: string
  readonly message?: string
  readonly observedGeneration?: number
}

/** A policy of the cluster as the API has it. */
export type ClusterPolicyObject = KubeObject &
  ClusterPolicy & { readonly status?: { readonly conditions?: readonly Condition[] } }

const resourceOf = (kind: ClusterPolicy['kind'], plural: string, version: string) =>
  defineResource<ClusterPolicyObject>({
    group: 'policy.networking.k8s.io',
    version,
    plural,
    kind,
    namespaced: false,
  })

const kinds = {
  AdminNetworkPolicy: resourceOf('AdminNetworkPolicy', 'adminnetworkpolicies', 'v1alpha1'),
  BaselineAdminNetworkPolicy: resourceOf('BaselineAdminNetworkPolicy', 'baselineadminnetworkpolicies', 'v1alpha1'),
  ClusterNetworkPolicy: resourceOf('ClusterNetworkPolicy', 'clusternetworkpolicies', 'v1alpha2'),
} as const

const fieldManager = 'ovnkit-lab-policy'

/** The policies of the cluster that a situation has, in a cluster that has their definitions. */
export class ClusterPolicies {
  readonly #client: KubeClient
  readonly #addressOf: AddressOf
  readonly #written = new Map<string, ClusterPolicy>()

  constructor(client: KubeClient, addressOf: AddressOf) {
    this.#client = client
    this.#addressOf = addressOf
  }

  /** Writes what differs. */
  async become({ clusterPolicies: wanted }: Situation): Promise<void> {
    for (const key of this.#written.keys()) if (!wanted.has(key)) await this.#remove(key)
    for (const [key, policy] of wanted) {
      if (this.#written.get(key) === policy) continue
      const object = { ...resolvedClusterPolicy(policy, this.#addressOf), metadata: { name: nameIn(key) } }
      await this.#client.apply(kinds[policy.kind], object, { fieldManager, force: true })
      this.#written.set(key, policy)
    }
  }

  /** As the API server has them now. */
  async all(): Promise<ClusterPolicyObject[]> {
    const lists = await Promise.all(Object.values(kinds).map(resource => this.#client.list(resource)))
    return lists.flatMap(({ items }) => items)
  }

  /** Also what an earlier run left. */
  async removeAll(): Promise<void> {
    await Promise.all(clusterPolicyKeys.map(key => this.#remove(key)))
  }

  async #remove(key: string): Promise<void> {
    this.#written.delete(key)
    const resource = Object.values(kinds).find(({ kind }) => key.startsWith(`${kind}/`))
    if (resource === undefined) throw new Error(`expected Kind/name of a policy of the cluster, got ${key}`)
    try {
      await this.#client.delete(resource, { name: nameIn(key) })
    } catch (error) {
      if (!isApiError(error, 'notFound')) throw error
    }
  }
}

const nameIn = (key: string) => key.slice(key.indexOf('/') + 1)

/** By kinds, as an evaluator's world has them. */
export const byKind = (all: readonly ClusterPolicy[]): Partial<World> => ({
  adminNetworkPolicies: all.filter(policy => policy.kind === 'AdminNetworkPolicy'),
  baselineAdminNetworkPolicies: all.filter(policy => policy.kind === 'BaselineAdminNetworkPolicy'),
  clusterNetworkPolicies: all.filter(policy => policy.kind === 'ClusterNetworkPolicy'),
})

/**
 * What policies do not say of themselves although they have to, a sentence each: that all of it is carried out, or, where the server has
 * no tiers of ACLs, that Pass is not.
 */
export function untold(all: readonly ClusterPolicyObject[], tiers: boolean): string[] {
  return all.flatMap(policy => {
    const key = clusterPolicyKey(policy)
    const missing = (type: string, status: string, text = '') => {
      const found = policy.status?.conditions?.find(one => one.type === type)
      const isRight =
        found?.status === status &&
        found.observedGeneration === policy.metadata?.generation &&
        (found.message ?? '').includes(text)
      return isRight ? [] : [`${key}: expected condition ${type}=${status}${text && ` with "${text}"`}`]
    }
    const accepted = tiers || !passes(policy) ? missing('Accepted', 'True') : missing('Accepted', 'False', 'OVN 23.06')
    return [...accepted, ...missing('Programmed', 'True')]
  })
}

/** Whether something is left to the policies behind the first tier. */
function passes({ kind, spec }: ClusterPolicy): boolean {
  const isFirst = kind === 'AdminNetworkPolicy' || ('tier' in spec && spec.tier === 'Admin')
  return isFirst && [...(spec.ingress ?? []), ...(spec.egress ?? [])].some(({ action }) => action === 'Pass')
}
