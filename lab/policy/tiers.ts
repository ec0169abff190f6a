import type { AdminNetworkPolicy, ClusterNetworkPolicy, World } from '@ovnkit/cni-policy/reference'
import { environmentOf } from '../environment.ts'
import type { Lab } from '../lab.ts'
import { runRaw } from '../state/run.ts'

/** Whether the server has tiers of ACLs (OVN 23.06), which `Pass` needs. */
export async function hasTiers(lab: Lab): Promise<boolean> {
  const { code } = await runRaw(['ovn-nbctl', '--columns=tier', 'list', 'ACL'], { env: await environmentOf(lab) })
  return code === 0
}

/**
 * What is carried out without tiers (cni/docs/cluster-policies.md, "What OVN must have"): a rule that passes is left out, and so is what its
 * policy allows after it.
 */
export const withoutPass = (world: World): World => ({
  ...world,
  adminNetworkPolicies: (world.adminNetworkPolicies ?? []).map(withoutPassOf),
  clusterNetworkPolicies: (world.clusterNetworkPolicies ?? []).map(one =>
    one.spec.tier === 'Admin' ? withoutPassOf(one) : one,
  ),
})

function withoutPassOf<Policy extends AdminNetworkPolicy | ClusterNetworkPolicy>(policy: Policy): Policy {
  const { ingress = [], egress = [] } = policy.spec
  return { ...policy, spec: { ...policy.spec, ingress: leftOf(ingress), egress: leftOf(egress) } }
}

function leftOf<Rule extends { readonly action: string }>(rules: readonly Rule[]): Rule[] {
  const first = rules.findIndex(({ action }) => action === 'Pass')
  return rules.filter(({ action }, i) => first < 0 || i < first || action === 'Deny')
}
