import type { Match } from '../match/match.ts'
import type { OvnRow, Parent } from './row.ts'

export interface AclSpec {
  readonly key: string
  /** The switch or port group whose ports it is for, with its column `acls`. */
  readonly on: Parent
  /** `to-lport`: what is delivered to a port; `from-lport`: what a port sends. */
  readonly direction: 'to-lport' | 'from-lport'
  /** 0 to 32,767; the highest that matches wins. */
  readonly priority: number
  readonly match: Match
  readonly action: 'allow' | 'allow-related' | 'allow-stateless' | 'drop' | 'reject'
  /** Judges what a port sends by where balancers have led it, before its connection is remembered. Since OVN 22.06. */
  readonly afterBalancers?: boolean
}

/** An ACL (ovn-nb(5)). Where a switch has one with `allow-related`, answers to what was let through need no rule of their own. */
export function acl({ key, on, direction, priority, match, action, afterBalancers = false }: AclSpec): OvnRow {
  const columns = { direction, priority, match: match.text, action }
  if (!afterBalancers) return { table: 'ACL', key, parent: on, columns }
  return { table: 'ACL', key, parent: on, columns: { ...columns, options: { 'apply-after-lb': 'true' } } }
}
