import type { RowObject } from '../codec/row-class.ts'
import type { RowPatch, TableCodec } from '../codec/table-codec.ts'
import type { Batch, TableChanges } from '../watch/types.ts'
import { decoded, type Stored } from './stored.ts'

/** Changes of one table in one step. Rows of lazy tables are decoded when the lists are read, not before. */
export class ChangeSet implements TableChanges<RowObject> {
  readonly #codec: TableCodec
  readonly #inserted: Stored[] = []
  readonly #deleted: Stored[] = []
  readonly updated: RowPatch[] = []
  #insertedRows: readonly RowObject[] | undefined
  #deletedRows: readonly RowObject[] | undefined

  constructor(codec: TableCodec) {
    this.#codec = codec
  }

  get size(): number {
    return this.#inserted.length + this.#deleted.length + this.updated.length
  }

  insert(stored: Stored): void {
    this.#inserted.push(stored)
  }

  delete(stored: Stored): void {
    this.#deleted.push(stored)
  }

  update(patch: RowPatch): void {
    this.updated.push(patch)
  }

  get inserted(): readonly RowObject[] {
    this.#insertedRows ??= this.#inserted.map(stored => decoded(stored, this.#codec))
    return this.#insertedRows
  }

  get deleted(): readonly RowObject[] {
    this.#deletedRows ??= this.#deleted.map(stored => decoded(stored, this.#codec))
    return this.#deletedRows
  }

  /** For whoever applies the changes: rows as they are stored. */
  get stored(): { readonly inserted: readonly Stored[]; readonly deleted: readonly Stored[] } {
    return { inserted: this.#inserted, deleted: this.#deleted }
  }
}

/** A batch over sets of changes, whose rows are typed by the schema that they were decoded with. */
export function makeBatch(resync: boolean, tables: ReadonlyMap<string, TableChanges<object>>): Batch {
  return { resync, tables, table: name => tables.get(name) }
}
