import type { RowPatch } from '../codec/table-codec.ts'
import { InconsistentError, type RowKind } from '../connection/types.ts'
import type { JsonObject } from '../wire/json.ts'
import { parseRow } from '../wire/parse.ts'
import { ChangeSet } from './changes.ts'
import type { Cut, Slab, TableState } from './cut.ts'
import { LazyRow, type Stored } from './stored.ts'

/** One row's change, decoded as far as possible without the row held. */
type Pending =
  | { readonly kind: 'insert'; readonly state: TableState; readonly stored: Stored }
  | { readonly kind: 'replace'; readonly state: TableState; readonly stored: Stored }
  | { readonly kind: 'modify'; readonly state: TableState; readonly uuid: string; readonly wire: JsonObject }
  | { readonly kind: 'delete'; readonly state: TableState; readonly uuid: string }

/** Changes relative to the content held. */
export class DeltaCut implements Cut {
  readonly #tables: ReadonlyMap<string, TableState>
  readonly #pending: Pending[] = []

  constructor(tables: ReadonlyMap<string, TableState>) {
    this.#tables = tables
  }

  row(table: string, uuid: string, kind: RowKind, { slab, start, end }: Slab): void {
    const state = this.#tables.get(table)
    if (!state) return
    if (kind === 'insert' && state.options.lazy) {
      this.#pending.push({ kind, state, stored: new LazyRow(uuid, slab, start, end) })
    } else this.value(table, uuid, kind, kind === 'delete' ? null : parseRow(slab, start, end))
  }

  value(table: string, uuid: string, kind: RowKind, wire: JsonObject | null): void {
    const state = this.#tables.get(table)
    if (!state) return
    if (wire === null || kind === 'delete') this.#pending.push({ kind: 'delete', state, uuid })
    else if (kind === 'modify') this.#pending.push({ kind, state, uuid, wire })
    else {
      const stored = state.codec.decode(uuid, wire)
      this.#pending.push({ kind: kind === 'replace' ? kind : 'insert', state, stored })
    }
  }

  finish(): ReadonlyMap<string, ChangeSet> {
    // All patches are made before the first is shown: what does not fit leaves the content as it was.
    const changes = new Map<string, ChangeSet>()
    for (const pending of this.#pending) note(changes, pending)
    for (const [name, set] of changes) {
      const { table } = this.#tables.get(name) ?? missing(name)
      apply(set, table.content)
    }
    return changes
  }
}

function apply(set: ChangeSet, content: TableState['table']['content']): void {
  const { inserted, deleted } = set.stored
  for (const stored of deleted) content.delete(stored)
  for (const patch of set.updated) content.change(patch)
  for (const stored of inserted) content.add(stored)
}

function note(changes: Map<string, ChangeSet>, pending: Pending): void {
  const { content, name } = pending.state.table
  const uuid = 'uuid' in pending ? pending.uuid : pending.stored._uuid
  const held = content.rows.get(uuid)
  if ((held === undefined) !== (pending.kind === 'insert')) {
    const fact = held === undefined ? 'unknown' : 'known already'
    throw new InconsistentError(`${pending.kind} of a row that is ${fact}: ${name} ${uuid}`)
  }
  if (pending.kind === 'insert') changesOf(changes, pending.state).insert(pending.stored)
  else if (pending.kind === 'delete' && held) changesOf(changes, pending.state).delete(held)
  else {
    const patch = patchOf(pending)
    if (patch) changesOf(changes, pending.state).update(patch)
  }
}

function patchOf(pending: Pending): RowPatch | undefined {
  const { content } = pending.state.table
  if (pending.kind === 'modify') {
    const old = content.get(pending.uuid)
    return old && content.codec.patch(old, pending.wire)
  }
  if (pending.kind !== 'replace') return undefined
  const old = content.get(pending.stored._uuid)
  const row = pending.stored instanceof LazyRow ? pending.stored.decode(content.codec) : pending.stored
  return old && content.codec.compare(old, row)
}

function changesOf(changes: Map<string, ChangeSet>, { table, codec }: TableState): ChangeSet {
  const known = changes.get(table.name)
  if (known) return known
  const set = new ChangeSet(codec)
  changes.set(table.name, set)
  return set
}

function missing(name: string): never {
  throw new Error(`table ${name} is not held`)
}
