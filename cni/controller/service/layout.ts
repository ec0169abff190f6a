import { type Family, type IpAddress, parseIp } from '@ovnkit/inet'
import type { ElementSpec } from '@ovnkit/reconcile'

/**
 * Load_Balancer_Groups, keys and names. `pods` works on the switches of Subnets and serves pods; `hosts` works on the join switch and serves what hosts send:
 * their own clients, and what arrives at node ports and external addresses.
 */
export const balancerGroups = { pods: 'pods', hosts: 'hosts' } as const
export type BalancerGroup = keyof typeof balancerGroups

/** The element that puts a group to work on a switch. */
export function groupOn(
  row: ElementSpec['row'],
  group: BalancerGroup,
  ref: (table: string, key: string) => string,
): ElementSpec {
  return { row, column: 'load_balancer_group', value: ref('Load_Balancer_Group', group) }
}

/** Row of a node's values of template variables, */
export const variablesKey = (node: string) => `node/${node}`
/** and where they stand in it. */
export const variablesParent = (node: string) => ({
  row: { table: 'Chassis_Template_Var', key: variablesKey(node) },
  column: 'variables',
})

/** What a pod that reaches itself by way of a Service sees as its client. Policies need to allow these two addresses and no others. */
export const hairpinSources: readonly IpAddress[] = [parseIp('169.254.169.5'), parseIp('fd69::5')]

/** Name of the address set with the addresses of Services that pods reach on their own node only. */
export const localServiceSet = (family: Family) => `services_local_v${family}`

/** Name of the address set with the addresses of Services that are the hosts' to serve: external ones, and those of load balancers. */
export const externalServiceSet = (family: Family) => `services_external_v${family}`
