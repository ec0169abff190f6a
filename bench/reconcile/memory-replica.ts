import type { Mutation, Operation } from '@ovnkit/ovsdb'
import type { Replica, ReplicaListener, ReplicaRow, ReplicaTable } from '@ovnkit/reconcile'

type Row = { _uuid: string; [column: string]: unknown }

/** What new rows have in columns that an insert leaves out. */
const DEFAULTS: Record<string, () => Record<string, unknown>> = {
  Logical_Switch: () => ({ name: '', ports: new Set(), other_config: new Map(), external_ids: new Map() }),
  Logical_Switch_Port: () => ({ name: '', addresses: new Set(), options: new Map(), external_ids: new Map() }),
  Port_Group: () => ({ name: '', ports: new Set(), external_ids: new Map() }),
  Address_Set: () => ({ name: '', addresses: new Set(), external_ids: new Map() }),
}

const PORTS: ReadonlyMap<string, string> = new Map([['ports', 'Logical_Switch_Port']])
const NOTHING: ReadonlyMap<string, string> = new Map()

/** A database in this process that costs next to nothing: what is measured over it is the engine and the target alone. */
export class MemoryReplica implements Replica {
  readonly ready = true
  operations = 0
  readonly #tables = new Map(Object.keys(DEFAULTS).map(name => [name, new Map<string, Row>()]))
  readonly #listeners = new Set<ReplicaListener>()

  tables(): Iterable<string> {
    return this.#tables.keys()
  }

  table(name: string): ReplicaTable {
    const rows = this.#rows(name)
    const columns = DEFAULTS[name]?.() ?? {}
    return {
      get: uuid => rows.get(uuid),
      rows: () => rows.values(),
      by: () => undefined,
      has: column => column in columns,
    }
  }

  isRoot(table: string): boolean {
    return table !== 'Logical_Switch_Port'
  }

  references(): readonly { table: string; column: string }[] {
    return [{ table: 'Logical_Switch', column: 'ports' }]
  }

  referring(table: string): ReadonlyMap<string, string> {
    return table === 'Port_Group' ? PORTS : NOTHING
  }

  subscribe(listener: ReplicaListener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  async transact(operations: readonly Operation[]): Promise<{ status: 'committed' }> {
    // An answer never comes in the turn of the event loop in which the request was sent.
    await new Promise(setImmediate)
    this.operations += operations.length
    for (const operation of operations) this.#apply(operation)
    return { status: 'committed' }
  }

  #rows(table: string): Map<string, Row> {
    const rows = this.#tables.get(table)
    if (!rows) throw new Error(`no table ${table}`)
    return rows
  }

  #apply(operation: Operation): void {
    if (operation.op === 'insert') this.#insert(operation.table, operation.uuid, { ...operation.row })
    else if (operation.op === 'update') this.#change(operation, row => Object.assign(row, shaped({ ...operation.row })))
    else if (operation.op === 'mutate') this.#change(operation, row => mutateAll(row, operation.mutations))
    else throw new Error(`${operation.op} is not needed here`)
  }

  #insert(table: string, uuid: string, columns: Record<string, unknown>): void {
    const row = { _uuid: uuid, ...DEFAULTS[table]?.(), ...shaped(columns) }
    this.#rows(table).set(uuid, row)
    this.#tell(table, row, undefined)
  }

  #change({ table, uuid }: { table: string; uuid: string }, change: (row: Row) => void): void {
    const row = this.#rows(table).get(uuid)
    if (!row) return
    change(row)
    this.#tell(table, row, row)
  }

  #tell(table: string, row: ReplicaRow, old: ReplicaRow | undefined): void {
    for (const listener of this.#listeners) listener.changed({ table, uuid: row._uuid, row, old, lost: () => [] })
  }
}

function shaped(columns: Record<string, unknown>): Record<string, unknown> {
  const shape = (value: unknown) => {
    if (Array.isArray(value)) return new Set(value)
    return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : value
  }
  return Object.fromEntries(Object.entries(columns).map(([column, value]) => [column, shape(value)]))
}

function mutateAll(row: Row, mutations: readonly Mutation[]): void {
  for (const mutation of mutations) mutate(row, mutation)
}

function mutate(row: Row, mutation: Mutation): void {
  const column = row[mutation.column]
  if (column instanceof Set && mutation.kind === 'addToSet') for (const value of mutation.values) column.add(value)
  else if (column instanceof Set && mutation.kind === 'removeFromSet')
    for (const value of mutation.values) column.delete(value)
  else if (column instanceof Map && mutation.kind === 'setKeys' && Symbol.iterator in mutation.entries) {
    for (const [key, value] of mutation.entries) column.set(key, value)
  } else throw new Error(`${mutation.kind} of ${mutation.column} is not needed here`)
}
