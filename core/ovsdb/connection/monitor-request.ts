import type { Json, JsonArray, JsonObject } from '../wire/json.ts'
import type { MonitorPlan, WireCondition } from './types.ts'

/** The methods that set up a monitor, best first: with resumption (OVS 2.12), with conditions (2.6), RFC 7047. */
export const MONITOR_METHODS = ['monitor_cond_since', 'monitor_cond', 'monitor'] as const

export type MonitorMethod = (typeof MONITOR_METHODS)[number]

/** The last-transaction id that says "none known". */
export const NO_TRANSACTION = '00000000-0000-0000-0000-000000000000'

export interface MonitorRequest {
  readonly database: string
  readonly id: Json
  readonly plan: MonitorPlan
  /** The condition of a table; undefined = all rows. */
  readonly where: (table: string) => WireCondition | undefined
  readonly lastTransaction: string | undefined
}

/** The parameters of a monitor request (RFC 7047 section 4.1.5, ovsdb-server(7) for the others). */
export function monitorParams(method: MonitorMethod, request: MonitorRequest): JsonArray {
  const tables = Object.fromEntries(
    [...request.plan].map(([table, { columns }]) => [
      table,
      [method === 'monitor' ? { columns } : { columns, ...whereMember(request.where(table)) }],
    ]),
  )
  const params = [request.database, request.id, tables]
  return method === 'monitor_cond_since' ? [...params, request.lastTransaction ?? NO_TRANSACTION] : params
}

/** The parameters of `monitor_cond_change`; the monitor keeps its id. */
export function changeParams(id: Json, changes: ReadonlyMap<string, WireCondition>): JsonArray {
  return [id, id, Object.fromEntries([...changes].map(([table, where]) => [table, [whereMember(where)]]))]
}

/** "No clause" means no row here; the protocol's `[]` means every row, so it is never sent. */
function whereMember(where: WireCondition | undefined): JsonObject {
  if (where === undefined) return {}
  return { where: where.length === 0 ? [false] : where }
}

/** What a reply says: the resumption's outcome and the rows (`null` if they went out one by one). */
export interface MonitorReply {
  readonly found: boolean
  readonly lastTransaction: string | undefined
  readonly updates: Json
}

export function parseMonitorReply(method: MonitorMethod, result: Json): MonitorReply {
  if (method !== 'monitor_cond_since' || !Array.isArray(result))
    return { found: false, lastTransaction: undefined, updates: result }
  const [found, last, updates] = result
  return { found: found === true, lastTransaction: transactionId(last), updates: updates ?? null }
}

/** Servers that keep no history (standalone ones) give the zero id. */
export function transactionId(id: Json | undefined): string | undefined {
  return typeof id === 'string' && id !== NO_TRANSACTION ? id : undefined
}
