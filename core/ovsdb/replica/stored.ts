import type { RowObject } from '../codec/row-class.ts'
import type { TableCodec } from '../codec/table-codec.ts'
import { parseRow } from '../wire/parse.ts'

/** A row of a lazy table that nobody has looked at: where its bytes are. */
export class LazyRow {
  readonly _uuid: string
  readonly slab: Uint8Array
  readonly start: number
  readonly end: number

  constructor(uuid: string, slab: Uint8Array, start: number, end: number) {
    this._uuid = uuid
    this.slab = slab
    this.start = start
    this.end = end
  }

  decode(codec: TableCodec): RowObject {
    return codec.decode(this._uuid, parseRow(this.slab, this.start, this.end))
  }

  /** The same bytes mean the same row; other bytes may. */
  sameBytes(other: LazyRow): boolean {
    return Buffer.compare(this.#bytes(), other.#bytes()) === 0
  }

  #bytes(): Uint8Array {
    return this.slab.subarray(this.start, this.end)
  }
}

export type Stored = RowObject | LazyRow

export function decoded(stored: Stored, codec: TableCodec): RowObject {
  return stored instanceof LazyRow ? stored.decode(codec) : stored
}
