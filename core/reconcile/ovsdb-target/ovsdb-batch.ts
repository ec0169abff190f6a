import type { Operation } from '@ovnkit/ovsdb'
import type { Blocked, CommitResult, Desired, OwnerKey, TargetBatch } from '../target.ts'
import { diffColumn, hasMember, isMapLike, isSetLike, sameAtom } from './column-diff.ts'
import { type Atom, type ColumnValue, DesiredElement, DesiredRow, RowWhere } from './desired.ts'
import type { ForeignRows } from './foreign-rows.ts'
import { MARK_COLUMN, marked, type Ownership } from './ownership.ts'
import type { Replica, ReplicaRow, TransactResult } from './replica.ts'
import { RowEdit } from './row-edit.ts'

export interface BatchContext {
  readonly replica: Replica
  readonly ownership: Ownership
  readonly foreign: ForeignRows
}

/** Failures that are not about the content of the transaction: trying it owner by owner would not help. */
const OUTAGES = new Set([
  'resources exhausted',
  'I/O error',
  'not allowed',
  'not owner',
  'unknown database',
  'database not available',
  'canceled',
  'cluster error',
  'internal error',
])

const UUID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g

/** One OVSDB transaction in the making. */
export class OvsdbBatch implements TargetBatch {
  readonly #context: BatchContext
  readonly #edits = new Map<string, RowEdit>()
  /** Rows that go with this batch. */
  readonly #going = new Set<string>()
  #operations = 0

  constructor(context: BatchContext) {
    this.#context = context
  }

  get operations(): number {
    return this.#operations
  }

  add(owner: OwnerKey, desired: readonly Desired[], removed: readonly Desired[]): Blocked | undefined {
    let blocked: Blocked | undefined
    for (const object of removed) if (object instanceof DesiredRow) this.#going.add(object.key)
    for (const object of removed) {
      if (object instanceof DesiredRow) this.#removeRow(owner, object)
      else this.#removeElement(owner, element(object))
    }
    // Rows first: elements may refer to them.
    for (const object of desired) {
      if (object instanceof DesiredRow) blocked = this.#ensureRow(owner, object, desired) ?? blocked
    }
    for (const object of desired) {
      if (!(object instanceof DesiredRow)) blocked = this.#ensureElement(owner, element(object)) ?? blocked
    }
    return blocked
  }

  async commit(signal: AbortSignal): Promise<CommitResult> {
    const { operations, edits } = this.#compile()
    const result = await this.#context.replica.transact(operations, signal)
    return result.status === 'failed' ? this.#failed(result, edits) : result
  }

  #ensureRow(owner: OwnerKey, row: DesiredRow, siblings: readonly Desired[]): Blocked | undefined {
    if (row.parent) this.#context.foreign.note(row.parent, row.parentColumn)
    const existing = this.#context.replica.table(row.table).get(row.key)
    const parent = row.parent && this.#find(row.parent)
    if (row.parent && parent === undefined) return this.#missing(row.parent, row)
    const dangling = this.#dangling(row, siblings)
    if (dangling) return this.#missing(dangling, row)
    if (existing) this.#updateRow(owner, row, existing)
    else this.#insertRow(owner, row)
    if (row.parent && parent !== undefined) this.#attach(owner, row, row.parent.table, parent, existing !== undefined)
    return undefined
  }

  /**
   * A row that this one refers to and that does not exist. The server would refuse a strong reference to it, and drop a
   * weak one without a word (RFC 7047, 3.2), so that it would be missing again at every comparison.
   */
  #dangling(row: DesiredRow, siblings: readonly Desired[]): RowWhere | undefined {
    for (const [column, refTable] of this.#context.replica.referring(row.table)) {
      const value = row.columns[column]
      if (value === undefined || (typeof value === 'object' && !isArray(value))) continue
      for (const uuid of isArray(value) ? value : [value]) {
        const absent = this.#absent(refTable, uuid, siblings)
        if (absent) return absent
      }
    }
    return undefined
  }

  /** The row, if it neither exists nor comes with this batch or with the rest of its owner. */
  #absent(table: string, uuid: Atom, siblings: readonly Desired[]): RowWhere | undefined {
    const where = new RowWhere(table, String(uuid))
    if (this.#find(where) !== undefined || siblings.some(({ key }) => key === uuid)) return undefined
    return where
  }

  #insertRow(owner: OwnerKey, row: DesiredRow): void {
    const edit = this.#edit(owner, row.table, row.key)
    edit.inserted = this.#withMark(owner, row)
    this.#operations++
  }

  #updateRow(owner: OwnerKey, row: DesiredRow, existing: ReplicaRow): void {
    const columns = this.#withMark(owner, row)
    for (const column in columns) {
      // Others (OVN itself, Neutron, people) keep notes in external_ids; every other map that is rendered is ours.
      const change = diffColumn(existing[column], columns[column], column === MARK_COLUMN)
      if (!change) continue
      this.#edit(owner, row.table, row.key).change(column, change)
      this.#operations++
    }
  }

  #withMark(owner: OwnerKey, row: DesiredRow): Readonly<Record<string, ColumnValue>> {
    if (!this.#context.replica.table(row.table).has(MARK_COLUMN)) return row.columns
    return { ...row.columns, [MARK_COLUMN]: marked(this.#context.ownership, owner, row.columns[MARK_COLUMN]) }
  }

  /** Makes the parent refer to the row, and nobody else (a port in two switches is in none, for OVN). */
  #attach(owner: OwnerKey, row: DesiredRow, table: string, parent: string, exists: boolean): void {
    const holds = refersTo(this.#context.replica.table(table).get(parent)?.[row.parentColumn], row.key)
    if (holds) return
    this.#edit(owner, table, parent).add(row.parentColumn, row.key)
    this.#operations++
    if (exists) this.#detach(owner, row.table, row.key)
  }

  #removeRow(owner: OwnerKey, row: DesiredRow): void {
    const { replica, foreign } = this.#context
    if (row.parent) foreign.stopWaiting(row.parent, row.key)
    if (!replica.table(row.table).get(row.key)) return
    if (replica.isRoot(row.table)) this.#edit(owner, row.table, row.key).deleted = true
    else if (!this.#detachFrom(owner, row)) this.#detach(owner, row.table, row.key)
    this.#operations++
  }

  /** Takes the row out of the parent that it is known to be in; false when it is not there. */
  #detachFrom(owner: OwnerKey, row: DesiredRow): boolean {
    const uuid = row.parent && this.#find(row.parent)
    if (!row.parent || uuid === undefined) return false
    const holds = refersTo(this.#context.replica.table(row.parent.table).get(uuid)?.[row.parentColumn], row.key)
    if (holds) this.#edit(owner, row.parent.table, uuid).remove(row.parentColumn, row.key)
    return holds
  }

  /** Takes the row out of wherever it is: a walk over the tables that may refer to it, needed only when that is not known. */
  #detach(owner: OwnerKey, table: string, uuid: string): void {
    const { replica } = this.#context
    for (const { table: parents, column } of replica.references(table)) {
      if (!replica.table(parents).has(column)) continue
      for (const row of replica.table(parents).rows()) {
        // A row that goes itself keeps its references to the end: it may have to have one (a Port its Interface).
        if (this.#going.has(row._uuid) || !refersTo(row[column], uuid)) continue
        this.#edit(owner, parents, row._uuid).remove(column, uuid)
      }
    }
  }

  #ensureElement(owner: OwnerKey, object: DesiredElement): Blocked | undefined {
    this.#context.foreign.note(object.row, object.column)
    const uuid = this.#find(object.row)
    if (uuid === undefined) return this.#missing(object.row, object)
    const column = this.#context.replica.table(object.row.table).get(uuid)?.[object.column]
    if (isPresent(column, object)) return undefined
    const refTable = this.#context.replica.referring(object.row.table).get(object.column)
    const dangling = refTable === undefined ? undefined : this.#absent(refTable, object.member, [])
    if (dangling) return this.#missing(dangling, object)
    const edit = this.#edit(owner, object.row.table, uuid)
    if (object.value === undefined) edit.add(object.column, object.member)
    else edit.put(object.column, object.member, object.value)
    this.#operations++
    return undefined
  }

  #removeElement(owner: OwnerKey, object: DesiredElement): void {
    this.#context.foreign.stopWaiting(object.row, object.key)
    const uuid = this.#find(object.row)
    const column = uuid && this.#context.replica.table(object.row.table).get(uuid)?.[object.column]
    if (uuid === undefined || !hasMember(column, object)) return
    const edit = this.#edit(owner, object.row.table, uuid)
    if (object.value === undefined) edit.remove(object.column, object.member)
    else edit.drop(object.column, object.member)
    this.#operations++
  }

  /** The UUID of a row that exists, or that this batch inserts. */
  #find(where: RowWhere): string | undefined {
    if (where.uuid !== undefined && this.#edits.get(where.uuid)?.inserted) return where.uuid
    return this.#context.foreign.find(where)
  }

  #missing(where: RowWhere, object: Desired & { readonly title: string }): Blocked {
    this.#context.foreign.waitFor(where, object.key)
    return { message: `${object.title}: ${where} does not exist` }
  }

  #edit(owner: OwnerKey, table: string, uuid: string): RowEdit {
    const known = this.#edits.get(uuid)
    if (!known) {
      const edit = new RowEdit(table, uuid, owner)
      this.#edits.set(uuid, edit)
      return edit
    }
    if (known.owner !== owner) known.owner = undefined
    return known
  }

  /** References to rows are checked at commit, but a mutation needs its row: insertions come first, deletions last. */
  #compile(): { readonly operations: readonly Operation[]; readonly edits: readonly RowEdit[] } {
    const operations: Operation[] = []
    const edits: RowEdit[] = []
    const push = (operation: Operation, edit: RowEdit) => {
      operations.push(operation)
      edits.push(edit)
    }
    for (const edit of this.#edits.values()) {
      if (edit.inserted)
        push({ op: 'insert', table: edit.table, uuid: edit.uuid, row: insertable(edit.inserted) }, edit)
    }
    for (const edit of this.#edits.values()) for (const operation of edit.changes()) push(operation, edit)
    for (const edit of this.#edits.values()) {
      if (edit.deleted) push({ op: 'delete', table: edit.table, uuid: edit.uuid }, edit)
    }
    return { operations, edits }
  }

  #failed(result: TransactResult & { status: 'failed' }, edits: readonly RowEdit[]): CommitResult {
    const message = `${result.code}: ${result.message}`
    if (OUTAGES.has(result.code)) return { status: 'unavailable', message }
    const named = [...result.message.matchAll(UUID)].map(([uuid]) => uuid)
    const suspect = this.#suspect(result.operation === undefined ? undefined : edits[result.operation], named)
    return { status: 'rejected', message, ...(suspect !== undefined && { suspect }) }
  }

  /** The owner of the failed operation, or of a row of ours that the text names (a unique name that a foreign row has). */
  #suspect(failed: RowEdit | undefined, named: readonly string[]): OwnerKey | undefined {
    const ours = named.filter(uuid => this.#edits.has(uuid))
    for (const foreign of named) {
      if (!this.#edits.has(foreign)) for (const uuid of ours) this.#context.foreign.waitForChange(foreign, uuid)
    }
    const culprit = failed ?? (ours[0] === undefined ? undefined : this.#edits.get(ours[0]))
    return culprit?.owner
  }
}

/** Columns of a new row: what is empty is so by default. */
function insertable(columns: Readonly<Record<string, ColumnValue>>): Record<string, ColumnValue> {
  const row: Record<string, ColumnValue> = {}
  for (const column in columns) {
    const value = columns[column]
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) row[column] = value
  }
  return row
}

function element(object: Desired): DesiredElement {
  if (object instanceof DesiredElement) return object
  throw new TypeError(
    `an OvsdbTarget takes rows and elements made by OvsdbObjects, got ${object.constructor.name} ${object.key}`,
  )
}

const isArray = (value: ColumnValue): value is readonly Atom[] => Array.isArray(value)

function refersTo(column: unknown, uuid: string): boolean {
  return isSetLike(column) ? column.has(uuid) : column === uuid
}

function isPresent(column: unknown, element: DesiredElement): boolean {
  if (element.value !== undefined) return isMapLike(column) && sameAtom(column.get(element.member), element.value)
  return hasMember(column, element)
}
