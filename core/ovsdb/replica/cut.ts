import type { TableCodec } from '../codec/table-codec.ts'
import type { RowKind } from '../connection/types.ts'
import type { TableOptions } from '../types.ts'
import type { JsonObject } from '../wire/json.ts'
import type { ChangeSet } from './changes.ts'
import type { Table } from './table.ts'

/** A table with how its rows are to be decoded from now on. */
export interface TableState {
  readonly table: Table
  readonly codec: TableCodec
  readonly options: TableOptions
}

/** Where the bytes of a row are. */
export interface Slab {
  readonly slab: Uint8Array
  readonly start: number
  readonly end: number
}

/** One consistent step while its rows arrive; nothing of it is visible before `finish`. */
export interface Cut {
  row(table: string, uuid: string, kind: RowKind, bytes: Slab): void
  value(table: string, uuid: string, kind: RowKind, wire: JsonObject | null): void
  /** Makes all rows visible and says what changed. Throws InconsistentError, with nothing changed. */
  finish(): ReadonlyMap<string, ChangeSet>
}
