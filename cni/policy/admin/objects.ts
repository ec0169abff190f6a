import type { KubeObject } from '@ovnkit/kube'
import type { ApiSelector } from '../selector.ts'

/** The objects of policy.networking.k8s.io as far as they are read (sigs.k8s.io/network-policy-api, apis/). Their definitions are the cluster's, not ours: any field may be missing. */

interface ApiNamespacedPod {
  readonly namespaceSelector?: ApiSelector | null
  readonly podSelector?: ApiSelector | null
}

export interface ApiSubject {
  readonly namespaces?: ApiSelector | null
  readonly pods?: ApiNamespacedPod | null
}

export interface ApiPeer extends ApiSubject {
  readonly nodes?: ApiSelector | null
  readonly networks?: readonly string[] | null
  readonly domainNames?: readonly string[] | null
}

interface ApiRange {
  readonly start: number
  readonly end: number
}

/** v1alpha1. */
export interface ApiPort {
  readonly portNumber?: { readonly protocol?: string; readonly port: number } | null
  readonly portRange?: (ApiRange & { readonly protocol?: string }) | null
  readonly namedPort?: string | null
}

interface ApiDestination {
  readonly destinationPort?: { readonly number?: number | null; readonly range?: ApiRange | null } | null
}

/** v1alpha2. */
export interface ApiProtocol {
  readonly tcp?: ApiDestination | null
  readonly udp?: ApiDestination | null
  readonly sctp?: ApiDestination | null
  readonly destinationNamedPort?: string | null
}

export interface ApiRule {
  readonly name?: string
  readonly action?: string
  readonly from?: readonly ApiPeer[] | null
  readonly to?: readonly ApiPeer[] | null
  /** v1alpha1. */
  readonly ports?: readonly ApiPort[] | null
  /** v1alpha2. */
  readonly protocols?: readonly ApiProtocol[] | null
}

interface ApiRules {
  readonly subject?: ApiSubject | null
  readonly ingress?: readonly ApiRule[] | null
  readonly egress?: readonly ApiRule[] | null
}

interface ApiObject<Spec> extends KubeObject {
  readonly spec?: Spec
  readonly status?: { readonly conditions?: readonly unknown[] }
}

export type AdminNetworkPolicy = ApiObject<ApiRules & { readonly priority?: number }>
export type BaselineAdminNetworkPolicy = ApiObject<ApiRules>
export type ClusterNetworkPolicy = ApiObject<ApiRules & { readonly tier?: string; readonly priority?: number }>
