import type { RowObject } from '../codec/row-class.ts'
import type { RowKind } from '../connection/types.ts'
import type { JsonObject } from '../wire/json.ts'
import { parseRow } from '../wire/parse.ts'
import { ChangeSet } from './changes.ts'
import { TableContent } from './content.ts'
import type { Cut, Slab, TableState } from './cut.ts'
import { decoded, LazyRow, type Stored } from './stored.ts'

/** Where the rows of one table go while a snapshot arrives. */
interface Arrival {
  readonly state: TableState
  readonly fresh: TableContent
  readonly before: TableContent
  readonly changes: ChangeSet
}

/**
 * A complete content that arrives row by row, beside the current one. Each row is compared with the one held, in its own
 * time slice: rows that are the same stay the same object, and the difference is known when the last row is in.
 */
export class SnapshotCut implements Cut {
  readonly #arrivals = new Map<string, Arrival>()

  constructor(tables: ReadonlyMap<string, TableState>) {
    for (const [name, state] of tables) {
      const fresh = new TableContent(state.codec, state.options)
      this.#arrivals.set(name, { state, fresh, before: state.table.content, changes: new ChangeSet(state.codec) })
    }
  }

  row(table: string, uuid: string, _kind: RowKind, { slab, start, end }: Slab): void {
    const arrival = this.#arrivals.get(table)
    if (!arrival) return
    if (arrival.state.options.lazy) arrive(arrival, new LazyRow(uuid, slab, start, end))
    else arrive(arrival, arrival.state.codec.decode(uuid, parseRow(slab, start, end)))
  }

  value(table: string, uuid: string, _kind: RowKind, wire: JsonObject | null): void {
    const arrival = this.#arrivals.get(table)
    if (arrival && wire) arrive(arrival, arrival.state.codec.decode(uuid, wire))
  }

  finish(): ReadonlyMap<string, ChangeSet> {
    const changes = new Map<string, ChangeSet>()
    for (const [name, { state, fresh, before, changes: set }] of this.#arrivals) {
      for (const [uuid, stored] of before.rows) if (!fresh.rows.has(uuid)) set.delete(stored)
      state.table.adopt(fresh)
      if (set.size > 0) changes.set(name, set)
    }
    return changes
  }
}

function arrive({ fresh, before, changes }: Arrival, stored: Stored): void {
  const held = before.rows.get(stored._uuid)
  if (held === undefined) {
    fresh.add(stored)
    changes.insert(stored)
    return
  }
  if (held instanceof LazyRow && stored instanceof LazyRow && held.sameBytes(stored)) {
    fresh.add(stored)
    return
  }
  const old = decoded(held, before.codec)
  const row = decoded(stored, fresh.codec)
  const patch = fresh.codec.compare(old, row)
  if (patch) changes.update(patch)
  fresh.add(kept(patch === undefined && before.codec === fresh.codec, old, row))
}

function kept(same: boolean, old: RowObject, row: RowObject): RowObject {
  return same ? old : row
}
