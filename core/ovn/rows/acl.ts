import type { Match } from '../match/match.ts'
import type { ColumnValue, OvnRow, Parent } from './row.ts'

export const logSeverities = ['alert', 'warning', 'notice', 'info', 'debug'] as const
export type LogSeverity = (typeof logSeverities)[number]

/** A log line of ovn-controller for every connection that the ACL decides about. */
export interface AclLog {
  readonly severity: LogSeverity
  /** Name of the Meter that limits the lines. */
  readonly meter: string
}

export interface AclSpec {
  readonly key: string
  /** The switch or port group whose ports it is for, with its column `acls`. */
  readonly on: Parent
  /** `to-lport`: what is delivered to a port; `from-lport`: what a port sends. */
  readonly direction: 'to-lport' | 'from-lport'
  /** 0 to 32,767; the highest that matches wins. */
  readonly priority: number
  readonly match: Match
  readonly action: 'allow' | 'allow-related' | 'allow-stateless' | 'drop' | 'reject' | 'pass'
  /** Judges what a port sends by where balancers have led it, before its connection is remembered. Since OVN 22.06. */
  readonly afterBalancers?: boolean
  /** Of `allow-related`: a connection that it let through goes on when it does not match any more, for as long as there is the ACL. From OVN 24.09 on; older ones take no notice. */
  readonly persistent?: boolean
  /** Tiers are asked in their order; the first that decides ends it, `pass` goes on to the next. Only for servers that have them (OVN 23.06). */
  readonly tier?: number | undefined
  /** What log lines call it; cut off where OVN has no room for it. */
  readonly name?: string
  /** `off` where there may have been lines before; nothing leaves alone what others set. */
  readonly log?: AclLog | 'off'
  readonly externalIds?: Readonly<Record<string, string>>
}

/** Characters of an ACL's name (ovn-nb(5)). */
const longestName = 63

/** An ACL (ovn-nb(5)). Where a switch has one with `allow-related`, answers to what was let through need no rule of their own. */
export function acl(spec: AclSpec): OvnRow {
  const { key, on, direction, priority, match, action, tier, name, log, externalIds } = spec
  const columns: Record<string, ColumnValue> = {
    direction,
    priority,
    match: match.text,
    action,
    ...optionsOf(spec),
    ...(tier !== undefined && { tier }),
    ...(name !== undefined && { name: name.slice(0, longestName) }),
    ...(log !== undefined && logColumns(log)),
    ...(externalIds && { external_ids: externalIds }),
  }
  return { table: 'ACL', key, parent: on, columns }
}

function optionsOf({ afterBalancers = false, persistent = false }: AclSpec): Record<string, ColumnValue> {
  if (!afterBalancers && !persistent) return {}
  return {
    options: {
      ...(afterBalancers && { 'apply-after-lb': 'true' }),
      ...(persistent && { 'persist-established': 'true' }),
    },
  }
}

const logColumns = (log: AclLog | 'off'): Record<string, ColumnValue> =>
  log === 'off' ? { log: false, severity: [], meter: [] } : { log: true, severity: log.severity, meter: log.meter }
