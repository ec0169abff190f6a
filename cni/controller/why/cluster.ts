import {
  type AdminFacts,
  adminPolicyFacts,
  baselinePolicyFacts,
  clusterPolicyFacts,
  networkPolicyFacts,
  type Policy,
  planAdmin,
} from '@ovnkit/cni-policy'
import { isApiError, type KubeClient, type KubeObject, type Resource, resources } from '@ovnkit/kube'
import { adminResources } from '../policy/admin/resources.ts'

/** Every policy of the cluster in normal form. */
export async function policiesOf(client: KubeClient, tiers: boolean): Promise<Policy[]> {
  const network = client.list(resources.networkPolicies)
  const admin = await Promise.all([
    factsOf(client, adminResources.AdminNetworkPolicy, adminPolicyFacts),
    factsOf(client, adminResources.BaselineAdminNetworkPolicy, baselinePolicyFacts),
    factsOf(client, adminResources.ClusterNetworkPolicy, clusterPolicyFacts),
  ])
  return [...(await network).items.map(networkPolicyFacts), ...planAdmin(admin.flat(), tiers).policies.values()]
}

/** A cluster without the definition has none. */
async function factsOf<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  read: (object: T) => AdminFacts,
): Promise<AdminFacts[]> {
  try {
    return (await client.list(resource)).items.map(read)
  } catch (error) {
    if (isApiError(error, 'notFound')) return []
    throw error
  }
}
