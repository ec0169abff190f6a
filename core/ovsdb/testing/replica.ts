import {
  type ConnectionObserver,
  type ConnectionState,
  InconsistentError,
  type MonitorPlan,
  type RowKind,
  type UpdateStart,
} from '../connection/types.ts'
import type { JsonObject } from '../wire/json.ts'
import { parseRow } from '../wire/parse.ts'

type Tables = Map<string, Map<string, JsonObject>>

/** A naive observer for tests: keeps rows of scalar columns and remembers what happened. */
export class TestReplica implements ConnectionObserver {
  readonly plan: MonitorPlan
  tables: Tables = new Map()
  readonly states: ConnectionState[] = []
  readonly causes: string[] = []
  readonly starts: UpdateStart['reason'][] = []
  readonly schemas: JsonObject[] = []
  readonly locks: boolean[] = []
  aborts = 0
  /** Called for each row; may throw. */
  onRow: (uuid: string) => void = () => undefined
  /** What `end` returns. */
  onEnd: () => void | Promise<void> = () => undefined
  #staged: Tables | undefined

  constructor(plan: MonitorPlan) {
    this.plan = plan
  }

  /** The names (column `name`) of a table's rows, sorted. */
  names(table: string): string[] {
    return [...(this.tables.get(table)?.values() ?? [])].map(row => String(row.name ?? '')).toSorted()
  }

  schema(schema: JsonObject): MonitorPlan {
    this.schemas.push(schema)
    return this.plan
  }

  begin(start: UpdateStart): void {
    this.starts.push(start.reason)
    this.#staged = start.kind === 'snapshot' ? new Map() : copy(this.tables)
  }

  row(table: string, uuid: string, kind: RowKind, slab: Uint8Array, start: number, end: number): void {
    this.value(table, uuid, kind, kind === 'delete' ? null : parseRow(slab, start, end))
  }

  value(table: string, uuid: string, kind: RowKind, row: JsonObject | null): void {
    this.onRow(uuid)
    if (this.#staged === undefined) throw new Error('a row outside of a cut')
    const rows = this.#staged.get(table) ?? new Map<string, JsonObject>()
    this.#staged.set(table, rows)
    const known = rows.get(uuid)
    if ((kind === 'initial' || kind === 'insert') === (known !== undefined))
      throw new InconsistentError(`${kind} of ${table} ${uuid}`)
    if (row === null) rows.delete(uuid)
    else rows.set(uuid, { ...(kind === 'modify' ? known : undefined), ...row })
  }

  end(): void | Promise<void> {
    if (this.#staged !== undefined) this.tables = this.#staged
    this.#staged = undefined
    return this.onEnd()
  }

  abort(): void {
    this.aborts++
    this.#staged = undefined
  }

  state(state: ConnectionState, cause: Error | undefined): void {
    this.states.push(state)
    if (cause !== undefined) this.causes.push(cause.message)
  }

  lock(owned: boolean): void {
    this.locks.push(owned)
  }
}

function copy(tables: Tables): Tables {
  return new Map([...tables].map(([table, rows]) => [table, new Map(rows)]))
}
