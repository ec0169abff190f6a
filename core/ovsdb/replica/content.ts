import type { RowObject } from '../codec/row-class.ts'
import type { RowPatch, TableCodec } from '../codec/table-codec.ts'
import type { IndexPart, TableOptions } from '../types.ts'
import { HashIndex } from './hash-index.ts'
import { decoded, LazyRow, type Stored } from './stored.ts'

function makeIndexes(indexes: Readonly<Record<string, readonly IndexPart[]>>): ReadonlyMap<string, HashIndex> {
  return new Map(Object.entries(indexes).map(([name, parts]) => [name, new HashIndex(name, parts)]))
}

/** The rows of one table with their indexes, in one consistent state. */
export class TableContent {
  readonly codec: TableCodec
  readonly rows = new Map<string, Stored>()
  readonly indexes: ReadonlyMap<string, HashIndex>

  constructor(codec: TableCodec, options: TableOptions) {
    this.codec = codec
    this.indexes = makeIndexes(options.indexes ?? {})
  }

  get(uuid: string): RowObject | undefined {
    const stored = this.rows.get(uuid)
    return stored instanceof LazyRow ? this.#decode(stored) : stored
  }

  /** Adds a row that is not there. Indexed rows are decoded for their keys, lazy ones keep only their bytes. */
  add(stored: Stored): void {
    this.rows.set(stored._uuid, stored)
    if (this.indexes.size === 0) return
    const row = decoded(stored, this.codec)
    for (const index of this.indexes.values()) index.add(row)
  }

  change(patch: RowPatch): void {
    this.rows.set(patch.row._uuid, patch.row)
    for (const index of this.indexes.values()) index.change(patch)
  }

  delete(stored: Stored): void {
    this.rows.delete(stored._uuid)
    if (this.indexes.size === 0) return
    const row = decoded(stored, this.codec)
    for (const index of this.indexes.values()) index.delete(row)
  }

  #decode(lazy: LazyRow): RowObject {
    const row = lazy.decode(this.codec)
    this.rows.set(row._uuid, row)
    return row
  }
}
