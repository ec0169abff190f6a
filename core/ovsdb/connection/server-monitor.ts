import { isJsonObject, type Json, type JsonObject } from '../wire/json.ts'
import { parseRow } from '../wire/parse.ts'
import { parseServerRow, type ServerDatabase } from './server-row.ts'

/** Keeps the rows of `_Server.Database` that the server tells about. */
export class ServerMonitor {
  readonly #rows = new Map<string, JsonObject>()

  /** Whether the server has told anything. */
  get known(): boolean {
    return this.#rows.size > 0
  }

  /** Takes in a parsed `<table-updates2>` of the table `Database`. */
  apply(updates: Json): void {
    const { Database: rows } = members(updates)
    for (const [uuid, update] of Object.entries(members(rows ?? {}))) {
      for (const [kind, columns] of Object.entries(members(update))) this.change(uuid, kind, members(columns ?? {}))
    }
  }

  /** Takes in a row that came as bytes: schemas make the first reply big. */
  applyBytes(uuid: string, kind: string, slab: Uint8Array, start: number, end: number): void {
    this.change(uuid, kind, start === end ? {} : parseRow(slab, start, end))
  }

  /** All columns are scalars or optionals, of which a change holds the new value. */
  change(uuid: string, kind: string, columns: JsonObject): void {
    if (kind === 'delete') this.#rows.delete(uuid)
    else this.#rows.set(uuid, { ...(kind === 'modify' ? this.#rows.get(uuid) : undefined), ...columns })
  }

  /** The row of a database; with `cid`, the one of that cluster if there is one. */
  find(database: string, cid: string | undefined): ServerDatabase | undefined {
    const rows = [...this.#rows.values()].map(parseServerRow).filter(row => row.name === database)
    return rows.find(row => cid !== undefined && row.cid === cid) ?? rows[0]
  }
}

function members(value: Json): JsonObject {
  return isJsonObject(value) ? value : {}
}
