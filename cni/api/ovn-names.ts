/** How the rows of several clusters in one OVN database are told apart by name. */
export interface OvnNames {
  /** Of switches, routers, their ports and balancers: `prod.join`. */
  readonly of: (name: string) => string
  /** Of what expressions refer to (address sets, template variables, groups): letters, digits, `_` and `.` only. */
  readonly inExpression: (name: string) => string
}

const plain = (name: string) => name
const asTheyAre: OvnNames = { of: plain, inExpression: plain }

/** What `ovn.clusterName` may be: it starts every name, also those in which OVN takes no hyphen. */
export const clusterNamePattern = /^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$/

/**
 * The names of a cluster's rows. Without a cluster name they are as they are. A namespace has no dot and a cluster name no underscore, so that what is different
 * stays different: `prod.default_web`, `my_cluster.overlay_v4`.
 */
export function ovnNames(clusterName: string): OvnNames {
  if (clusterName === '') return asTheyAre
  const expression = clusterName.replaceAll('-', '_')
  return { of: name => `${clusterName}.${name}`, inExpression: name => `${expression}.${name}` }
}
