/**
 * API objects as they are on the wire, as far as the evaluator reads them. Fields and meanings: the types' own documentation in
 * k8s.io/api (core/v1, networking/v1) and sigs.k8s.io/network-policy-api (v1alpha1 of v0.1.7, v1alpha2 of v0.2.0).
 */

/** meta/v1 LabelSelector. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined
  readonly matchExpressions?: readonly Requirement[] | undefined
}

export interface Requirement {
  readonly key: string
  readonly operator: string
  readonly values?: readonly string[] | undefined
}

export type Labels = Readonly<Record<string, string>>

interface Named {
  readonly metadata?: {
    readonly name?: string | undefined
    readonly namespace?: string | undefined
    readonly labels?: Labels | undefined
  }
}

export interface ContainerPort {
  readonly name?: string | undefined
  readonly containerPort: number
  readonly protocol?: string | undefined
}

interface Container {
  readonly ports?: readonly ContainerPort[] | undefined
  readonly restartPolicy?: string | undefined
}

export interface Pod extends Named {
  readonly spec?: {
    readonly nodeName?: string | undefined
    readonly hostNetwork?: boolean | undefined
    readonly containers?: readonly Container[] | undefined
    readonly initContainers?: readonly Container[] | undefined
  }
  readonly status?: { readonly podIPs?: readonly { readonly ip?: string | undefined }[] | undefined }
}

export interface Namespace extends Named {}

export interface Node extends Named {
  readonly status?: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[] | undefined
  }
}

/** networking/v1 NetworkPolicy. */
export interface NetworkPolicy extends Named {
  readonly spec?: {
    readonly podSelector?: LabelSelector | undefined
    readonly policyTypes?: readonly string[] | undefined
    readonly ingress?: readonly IngressRule[] | undefined
    readonly egress?: readonly EgressRule[] | undefined
  }
}

export interface IngressRule {
  readonly from?: readonly PolicyPeer[] | undefined
  readonly ports?: readonly PolicyPort[] | undefined
}

export interface EgressRule {
  readonly to?: readonly PolicyPeer[] | undefined
  readonly ports?: readonly PolicyPort[] | undefined
}

export interface PolicyPeer {
  readonly podSelector?: LabelSelector | undefined
  readonly namespaceSelector?: LabelSelector | undefined
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] | undefined } | undefined
}

export interface PolicyPort {
  readonly protocol?: string | undefined
  readonly port?: number | string | undefined
  readonly endPort?: number | undefined
}

/** Who a policy of the administrator applies to, and peers of its rules: exactly one field is set. */
export interface AdminSubject {
  readonly namespaces?: LabelSelector | undefined
  readonly pods?: { readonly namespaceSelector?: LabelSelector; readonly podSelector?: LabelSelector } | undefined
}

export interface AdminPeer extends AdminSubject {
  readonly nodes?: LabelSelector | undefined
  readonly networks?: readonly string[] | undefined
  readonly domainNames?: readonly string[] | undefined
}

interface AdminRuleBase {
  readonly name?: string | undefined
  readonly action: string
  readonly from?: readonly AdminPeer[] | undefined
  readonly to?: readonly AdminPeer[] | undefined
}

/** v1alpha1: exactly one field is set. */
export interface AdminPort {
  readonly portNumber?: { readonly protocol?: string | undefined; readonly port: number } | undefined
  readonly namedPort?: string | undefined
  readonly portRange?: { readonly protocol?: string; readonly start: number; readonly end: number } | undefined
}

/** v1alpha1 AdminNetworkPolicy; without `priority`, BaselineAdminNetworkPolicy. */
export interface AdminNetworkPolicy extends Named {
  readonly spec: {
    readonly priority?: number | undefined
    readonly subject: AdminSubject
    readonly ingress?: readonly (AdminRuleBase & { readonly ports?: readonly AdminPort[] | undefined })[] | undefined
    readonly egress?: readonly (AdminRuleBase & { readonly ports?: readonly AdminPort[] | undefined })[] | undefined
  }
}

interface ProtocolMatch {
  readonly destinationPort?:
    | { readonly number?: number | undefined; readonly range?: { readonly start: number; readonly end: number } }
    | undefined
}

/** v1alpha2: exactly one field is set. */
export interface ClusterProtocol {
  readonly tcp?: ProtocolMatch | undefined
  readonly udp?: ProtocolMatch | undefined
  readonly sctp?: ProtocolMatch | undefined
  readonly destinationNamedPort?: string | undefined
}

type ClusterRule = AdminRuleBase & { readonly protocols?: readonly ClusterProtocol[] | undefined }

/** v1alpha2 ClusterNetworkPolicy. */
export interface ClusterNetworkPolicy extends Named {
  readonly spec: {
    readonly tier: string
    readonly priority: number
    readonly subject: AdminSubject
    readonly ingress?: readonly ClusterRule[] | undefined
    readonly egress?: readonly ClusterRule[] | undefined
  }
}

/** Any policy of the whole cluster, with its kind. */
export type ClusterPolicy =
  | (AdminNetworkPolicy & { readonly kind: 'AdminNetworkPolicy' | 'BaselineAdminNetworkPolicy' })
  | (ClusterNetworkPolicy & { readonly kind: 'ClusterNetworkPolicy' })

/** Everything that decides. */
export interface World {
  readonly pods: readonly Pod[]
  readonly namespaces: readonly Namespace[]
  readonly nodes: readonly Node[]
  readonly networkPolicies: readonly NetworkPolicy[]
  readonly adminNetworkPolicies?: readonly AdminNetworkPolicy[]
  readonly baselineAdminNetworkPolicies?: readonly AdminNetworkPolicy[]
  readonly clusterNetworkPolicies?: readonly ClusterNetworkPolicy[]
  /** Addresses that names stand for. */
  readonly names?: Readonly<Record<string, readonly string[]>>
}
