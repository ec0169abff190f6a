import type { RowObject } from '../codec/row-class.ts'
import { makeBatch } from '../replica/changes.ts'
import { type AnyUpdate, diffRows, joinUpdates } from './diff-rows.ts'
import type { Batch, TableChanges } from './types.ts'

type Change =
  | { readonly kind: 'inserted'; readonly row: RowObject }
  | { readonly kind: 'deleted'; readonly row: RowObject }
  | { readonly kind: 'updated'; readonly update: AnyUpdate }

/** Undefined means that the two cancel out. */
function join(first: Change | undefined, second: Change): Change | undefined {
  if (first === undefined) return second
  if (first.kind === 'inserted') {
    if (second.kind === 'deleted') return undefined
    return { kind: 'inserted', row: second.kind === 'updated' ? second.update.row : second.row }
  }
  if (second.kind === 'deleted')
    return { kind: 'deleted', row: first.kind === 'updated' ? first.update.old : first.row }
  const update = joinedUpdate(first, second)
  return update && { kind: 'updated', update }
}

function joinedUpdate(first: Exclude<Change, { kind: 'inserted' }>, second: Exclude<Change, { kind: 'deleted' }>) {
  if (first.kind === 'updated' && second.kind === 'updated') return joinUpdates(first.update, second.update)
  const old = first.kind === 'updated' ? first.update.old : first.row
  return diffRows(old, second.kind === 'updated' ? second.update.row : second.row)
}

/** Whether a watcher hears of an update of these columns. */
export type Wanted = (table: string, columns: ReadonlySet<string>) => boolean

/** Batches on their way to a consumer, merged row by row: it holds at most one change of each row. */
export class PendingBatch {
  readonly #tables = new Map<string, Map<string, Change>>()
  #resync = false

  add(batch: Batch, watched: (table: string) => boolean): void {
    this.#resync ||= batch.resync
    for (const [name, changes] of batch.tables)
      if (watched(name)) this.#addTable(name, changes as TableChanges<RowObject>)
  }

  #addTable(name: string, { inserted, deleted, updated }: TableChanges<RowObject>): void {
    const table = this.#tables.get(name) ?? new Map<string, Change>()
    this.#tables.set(name, table)
    for (const row of deleted) this.#addRow(table, row._uuid, { kind: 'deleted', row })
    for (const row of inserted) this.#addRow(table, row._uuid, { kind: 'inserted', row })
    for (const update of updated) this.#addRow(table, update.row._uuid, { kind: 'updated', update })
  }

  #addRow(table: Map<string, Change>, uuid: string, change: Change): void {
    const joined = join(table.get(uuid), change)
    if (joined) table.set(uuid, joined)
    else table.delete(uuid)
  }

  /** Everything so far as one batch, without updates that are not wanted; undefined if nothing is left. Starts anew. */
  take(wanted: Wanted): Batch | undefined {
    const tables = new Map<string, TableChanges<object>>()
    for (const [name, changes] of this.#tables) {
      const table = sorted(changes.values(), columns => wanted(name, columns))
      if (table) tables.set(name, table)
    }
    const batch = tables.size === 0 ? undefined : makeBatch(this.#resync, tables)
    this.#tables.clear()
    this.#resync = false
    return batch
  }
}

function sorted(
  changes: Iterable<Change>,
  wanted: (columns: ReadonlySet<string>) => boolean,
): TableChanges<RowObject> | undefined {
  const table = { inserted: [] as RowObject[], deleted: [] as RowObject[], updated: [] as AnyUpdate[] }
  for (const change of changes) {
    if (change.kind !== 'updated') table[change.kind].push(change.row)
    else if (wanted(change.update.columns)) table.updated.push(change.update)
  }
  return table.inserted.length + table.deleted.length + table.updated.length === 0 ? undefined : table
}
