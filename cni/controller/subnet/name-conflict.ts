import type { OwnerStatus } from '@ovnkit/reconcile'

/** Owners of the rows that everything else hangs on; the first that is refused stops the rest. */
export const foundations = ['cluster/-', 'balancing/-'] as const

/**
 * Somebody else has names of ours in the database: another cluster that shares the OVN and has the same `ovn.clusterName`, or none like us. The server's words
 * (ovsdb-server(5), "constraint violation") name the row.
 * @returns undefined where that is not what keeps the rows from being there
 */
export function nameConflict(status: OwnerStatus | undefined): { reason: string; message: string } | undefined {
  if (status === undefined || status.state === 'done' || status.reason !== 'Rejected') return undefined
  const name = /"(\w+)" table to have identical values \(([^)]*)\)/.exec(status.message)
  if (name === null) return undefined
  const message =
    `${name[1]} "${name[2]}" exists in OVN and is another cluster's: nothing of this cluster is set up; ` +
    'give each cluster that shares the OVN an ovn.clusterName of its own'
  return { reason: 'NameConflict', message }
}
