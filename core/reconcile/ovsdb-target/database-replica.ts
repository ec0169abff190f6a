import type {
  AnyTables,
  Batch,
  Database,
  DatabaseSchema,
  Outcome,
  RowUpdate,
  TableName,
  TableReplica,
  TablesOptions,
} from '@ovnkit/ovsdb'
import { getOrSet } from '../get-or-set.ts'
import { isMapLike, isSetLike, membersIn } from './column-diff.ts'
import type { Atom } from './desired.ts'
import type {
  Reference,
  Replica,
  ReplicaListener,
  ReplicaRow,
  ReplicaTable,
  RowChange,
  TransactResult,
} from './replica.ts'

/**
 * A `Database` as a target sees it.
 * @param tables the tables that the database was opened with
 */
export function databaseReplica<T extends AnyTables, O extends TablesOptions<T>>(
  db: Database<T, O>,
  tables: readonly TableName<T>[],
): Replica {
  const views = new Map<string, ReplicaTable>(tables.map(name => [name, tableView(db, name)]))
  const references = strongReferences(db.schema, tables)
  const referring = new Map<string, ReadonlyMap<string, string>>(
    tables.map(table => [table, referringColumns(db.schema, table, views)]),
  )
  const roots = new Set(tables.filter(name => db.schema.tables[name].isRoot))
  return {
    get ready() {
      return db.connected
    },
    tables: () => tables,
    table(name) {
      const view = views.get(name)
      if (view) return view
      throw new TypeError(`table ${name} is not held by the replica of ${db.schema.name}; open the database with it`)
    },
    isRoot: table => roots.has(table),
    references: table => references.get(table) ?? [],
    referring: table => referring.get(table) ?? NOTHING,
    subscribe: listener => subscribe(db, listener),
    transact: async (operations, signal) => resultOf(await db.transact(operations, { signal })),
  }
}

function tableView<T extends AnyTables, O extends TablesOptions<T>>(
  db: Database<T, O>,
  name: TableName<T>,
): ReplicaTable {
  const table: TableReplica<object> = db.table(name)
  return {
    get: uuid => asRow(table.get(uuid)),
    *rows() {
      for (const row of table.rows()) if (isRow(row)) yield row
    },
    by: (index, value) => asRow(table.by(index, value)),
    has: column => table.has(column),
  }
}

/** Which columns keep rows of each table alive. */
function strongReferences<T extends AnyTables>(
  schema: DatabaseSchema<T>,
  tables: readonly TableName<T>[],
): ReadonlyMap<string, readonly Reference[]> {
  const references = new Map<string, Reference[]>()
  for (const table of tables) {
    for (const [column, { key, value }] of Object.entries(schema.tables[table].columns)) {
      for (const { refTable, refType } of [key, ...(value ? [value] : [])]) {
        if (refTable === undefined || refType === 'weak') continue
        getOrSet(references, refTable, () => []).push({ table, column })
      }
    }
  }
  return references
}

const NOTHING: ReadonlyMap<string, string> = new Map()

function referringColumns<T extends AnyTables>(
  schema: DatabaseSchema<T>,
  table: TableName<T>,
  held: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, string> {
  const columns = new Map<string, string>()
  for (const [column, { key, value }] of Object.entries(schema.tables[table].columns)) {
    if (!value && key.refTable !== undefined && held.has(key.refTable)) columns.set(column, key.refTable)
  }
  return columns
}

function subscribe<T extends AnyTables, O extends TablesOptions<T>>(
  db: Database<T, O>,
  listener: ReplicaListener,
): Disposable {
  const subscriptions = new DisposableStack()
  subscriptions.use(db.onBatch(batch => tellChanges(batch, listener)))
  // What changed while the connection was away comes as a batch of its own.
  subscriptions.use(
    db.on('state', () => {
      if (db.connected) listener.ready()
    }),
  )
  return subscriptions
}

function tellChanges<T extends AnyTables>(batch: Batch<T>, listener: ReplicaListener): void {
  for (const [table, { inserted, deleted, updated }] of batch.tables) {
    for (const row of deleted) tell(listener, table, undefined, asRow(row), column => membersIn(asRow(row)?.[column]))
    for (const row of inserted) tell(listener, table, asRow(row), undefined, () => [])
    for (const update of updated)
      tell(listener, table, asRow(update.row), asRow(update.old), column => lostIn(update, column))
  }
}

function tell(
  listener: ReplicaListener,
  table: string,
  row: ReplicaRow | undefined,
  old: ReplicaRow | undefined,
  lost: RowChange['lost'],
): void {
  const uuid = (row ?? old)?._uuid
  if (uuid !== undefined) listener.changed({ table, uuid, row, old, lost })
}

function* lostIn(update: RowUpdate<object>, column: string): Generator<Atom> {
  const delta = update.deltas.get(column)
  if (delta) {
    for (const member of delta.removed) if (isAtom(member)) yield member
    for (const key of delta.changed) if (isAtom(key)) yield key
  } else if (update.columns.has(column)) {
    const old = asRow(update.old)?.[column]
    if (isAtom(old)) yield old
    else if (isSetLike(old) || isMapLike(old)) yield* membersIn(old)
  }
}

function resultOf(outcome: Outcome): TransactResult {
  switch (outcome.status) {
    case 'committed':
    case 'unchanged':
      return { status: 'committed' }
    case 'failed': {
      const { code, details, index } = outcome.error
      return { status: 'failed', code, message: details ?? '', operation: index }
    }
    case 'unknown':
      return { status: 'unknown', message: outcome.cause.message }
    case 'disconnected':
      return { status: 'unavailable', message: outcome.cause.message }
    case 'conflict':
    case 'notLocked':
      return { status: 'unavailable', message: outcome.error.message }
    case 'aborted':
      return { status: 'unavailable', message: 'aborted' }
  }
}

function isRow(row: unknown): row is ReplicaRow {
  return typeof row === 'object' && row !== null && '_uuid' in row
}

const asRow = (row: unknown): ReplicaRow | undefined => (isRow(row) ? row : undefined)

const isAtom = (value: unknown): value is Atom =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
