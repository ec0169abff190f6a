import { TableCodec } from '../codec/table-codec.ts'
import {
  InconsistentError,
  type MonitorPlan,
  type RowKind,
  type TablePlan,
  type UpdateStart,
} from '../connection/types.ts'
import { parseSchema } from '../schema/parse.ts'
import type { DatabaseSchema, TableSchema } from '../schema/types.ts'
import type { TableOptions } from '../types.ts'
import type { Batch } from '../watch/types.ts'
import type { JsonObject } from '../wire/json.ts'
import { makeBatch } from './changes.ts'
import { encodeCondition } from './condition.ts'
import { TableContent } from './content.ts'
import type { Cut, TableState } from './cut.ts'
import { DeltaCut } from './delta.ts'
import { planTables, type TablePlanned, tableColumns } from './plan.ts'
import { SnapshotCut } from './snapshot.ts'
import { Table } from './table.ts'

type Options = Readonly<Record<string, TableOptions>>

/** The monitored content of a database: consistent at every moment that a program can see. */
export class Replica {
  readonly tables: ReadonlyMap<string, Table>
  readonly #wanted: DatabaseSchema
  readonly options: Options
  readonly #unheld = new Map<string, TableCodec>()
  #server: DatabaseSchema | undefined
  #planned: ReadonlyMap<string, TablePlanned>
  #cut: { readonly cut: Cut; readonly start: UpdateStart } | undefined
  /** The rows held were decoded for another schema: only a snapshot can follow. */
  #stale = false

  constructor(wanted: DatabaseSchema, options: Options) {
    this.#wanted = wanted
    this.options = options
    this.#planned = planTables(wanted, undefined, options, new Map())
    this.tables = new Map(
      Array.from(this.#planned, ([name, { codec }]) => [
        name,
        new Table(name, new TableContent(codec, options[name] ?? {})),
      ]),
    )
  }

  /** The server's schema; undefined before the first connection. */
  get server(): DatabaseSchema | undefined {
    return this.#server
  }

  get rows(): number {
    return this.tables.values().reduce((sum, table) => sum + table.size, 0)
  }

  /** The codec of a table for writing; undefined if the server has no such table. */
  codec(name: string): TableCodec | undefined {
    const table = this.#server?.tables[name]
    if (!table) return undefined
    return this.#planned.get(name)?.codec ?? this.#writeOnly(name, table)
  }

  #writeOnly(name: string, table: TableSchema): TableCodec {
    const known = this.#unheld.get(name)
    if (known) return known
    const codec = new TableCodec(name, tableColumns(name, this.#wanted.tables[name], table, { columns: [] }))
    this.#unheld.set(name, codec)
    return codec
  }

  /** Takes the server's schema, answers with what to monitor. Throws SchemaError, SchemaTooOldError. */
  schema(document: JsonObject): MonitorPlan {
    this.#server = parseSchema(document)
    this.#unheld.clear()
    const before = this.#planned
    this.#planned = planTables(this.#wanted, this.#server, this.options, before)
    this.#stale ||= [...this.#planned].some(([name, planned]) => before.get(name) !== planned)
    const held = [...this.#planned].filter(([name]) => this.#server?.tables[name])
    return new Map(held.map(([name, planned]) => [name, this.#tablePlan(name, planned)]))
  }

  #tablePlan(name: string, { codec, columns }: TablePlanned): TablePlan {
    const where = this.options[name]?.where
    return { columns: [...columns.held.keys()], where: where && encodeCondition(codec, where) }
  }

  begin(start: UpdateStart): void {
    if (start.kind === 'delta' && this.#stale)
      throw new InconsistentError('the schema has changed: all rows are needed')
    const states = this.#states()
    this.#cut = { start, cut: start.kind === 'snapshot' ? new SnapshotCut(states) : new DeltaCut(states) }
  }

  #states(): ReadonlyMap<string, TableState> {
    const states = new Map<string, TableState>()
    for (const [name, table] of this.tables) {
      const codec = this.#planned.get(name)?.codec ?? table.content.codec
      states.set(name, { table, codec, options: this.options[name] ?? {} })
    }
    return states
  }

  row(table: string, uuid: string, kind: RowKind, slab: Uint8Array, start: number, end: number): void {
    this.#cut?.cut.row(table, uuid, kind, { slab, start, end })
  }

  value(table: string, uuid: string, kind: RowKind, row: JsonObject | null): void {
    this.#cut?.cut.value(table, uuid, kind, row)
  }

  /** Makes the step visible; undefined if it changes nothing. Throws InconsistentError, with the content as before. */
  end(): Batch | undefined {
    if (!this.#cut) return undefined
    const { cut, start } = this.#cut
    this.#cut = undefined
    if (start.kind === 'delta' && this.#stale) throw new InconsistentError('the schema changed: all rows are needed')
    const changes = cut.finish()
    if (start.kind === 'snapshot') this.#stale = false
    return changes.size === 0 ? undefined : makeBatch(start.reason === 'resync', changes)
  }

  abort(): void {
    this.#cut = undefined
  }
}
