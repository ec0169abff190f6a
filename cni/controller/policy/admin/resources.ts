import type {
  AdminKind,
  AdminNetworkPolicy,
  BaselineAdminNetworkPolicy,
  ClusterNetworkPolicy,
} from '@ovnkit/cni-policy'
import { defineResource, type KubeObject, type Resource } from '@ovnkit/kube'

const group = 'policy.networking.k8s.io'

/** The kinds of policies of the whole cluster. Their definitions come from the API's own project, and a cluster may have none of them. */
export const adminResources = {
  AdminNetworkPolicy: defineResource<AdminNetworkPolicy>({
    group,
    version: 'v1alpha1',
    plural: 'adminnetworkpolicies',
    kind: 'AdminNetworkPolicy',
    namespaced: false,
  }),
  BaselineAdminNetworkPolicy: defineResource<BaselineAdminNetworkPolicy>({
    group,
    version: 'v1alpha1',
    plural: 'baselineadminnetworkpolicies',
    kind: 'BaselineAdminNetworkPolicy',
    namespaced: false,
  }),
  ClusterNetworkPolicy: defineResource<ClusterNetworkPolicy>({
    group,
    version: 'v1alpha2',
    plural: 'clusternetworkpolicies',
    kind: 'ClusterNetworkPolicy',
    namespaced: false,
  }),
} as const satisfies Record<AdminKind, Resource<KubeObject>>
