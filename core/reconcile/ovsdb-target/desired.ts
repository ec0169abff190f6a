import { uuidFor } from '@ovnkit/ovsdb'
import type { Desired } from '../target.ts'

export type Atom = string | number | boolean

/**
 * A column as it should be: a scalar; an array for a set (`[]` empties it, also an optional column); a record for a map,
 * in which `undefined` says that the key must be absent. `undefined` as the whole leaves the column alone.
 */
export type ColumnValue = Atom | readonly Atom[] | Readonly<Record<string, Atom | undefined>> | undefined

/**
 * Which row: by `key` a row of ours, by `uuid` any row, by `index` and `value` a row that a named index of the replica
 * finds, by none of them the only row of its table (`NB_Global`, `Open_vSwitch`).
 */
export interface RowRef {
  readonly table: string
  readonly key?: string
  readonly uuid?: string
  readonly index?: string
  readonly value?: string
}

export interface RowSpec {
  readonly table: string
  /** Stable for the row's life and unique in its table; the row's UUID is derived from it. */
  readonly key: string
  /** Columns that are not named are left as they are. */
  readonly columns: Readonly<Record<string, ColumnValue>>
  /** The row that refers to it. Without one OVSDB collects a row of a non-root table at once. */
  readonly parent?: (RowRef & { readonly column: string }) | undefined
}

export interface ElementSpec {
  /** The row in which the element shall be: ours or anybody's. */
  readonly row: RowRef
  readonly column: string
  /** The member of a set, or, with `key`, the value in a map. */
  readonly value: Atom
  readonly key?: string
}

/** How a row is found, resolved once and shared by all that refer to it. */
export class RowWhere {
  readonly table: string
  /** Equal for equal rows: the UUID where it is known. */
  readonly id: string
  readonly uuid: string | undefined
  readonly index: string | undefined
  readonly value: string | undefined

  constructor(table: string, uuid: string | undefined, index?: string, value?: string) {
    this.table = table
    this.uuid = uuid
    this.index = index
    this.value = value
    this.id = uuid ?? `${table}[${index ?? ''}=${value ?? ''}]`
  }

  toString(): string {
    if (this.index !== undefined) return `${this.table} "${this.value}" (by ${this.index})`
    return this.uuid === undefined ? `the row of ${this.table}` : `${this.table} ${this.uuid}`
  }
}

/** A row of ours. Its key as a desired object is its UUID. */
export class DesiredRow implements Desired {
  readonly target: string
  readonly key: string
  readonly table: string
  /** The `key` of its specification, for messages. */
  readonly name: string
  readonly columns: Readonly<Record<string, ColumnValue>>
  readonly parent: RowWhere | undefined
  readonly parentColumn: string

  constructor(target: string, uuid: string, spec: RowSpec, parent: RowWhere | undefined) {
    this.target = target
    this.key = uuid
    this.table = spec.table
    this.name = spec.key
    this.columns = spec.columns
    this.parent = parent
    this.parentColumn = spec.parent?.column ?? ''
  }

  get title(): string {
    return `${this.table} ${this.name}`
  }
}

/** One element of a set or a map in a row that may be anybody's. Nothing else of the row is touched. */
export class DesiredElement implements Desired {
  readonly target: string
  readonly key: string
  readonly row: RowWhere
  readonly column: string
  /** The member of a set, or the key in a map. */
  readonly member: Atom
  /** The value in a map; undefined for a set. */
  readonly value: Atom | undefined

  constructor(target: string, row: RowWhere, spec: Pick<ElementSpec, 'column' | 'value' | 'key'>) {
    this.target = target
    this.row = row
    this.column = spec.column
    this.member = spec.key ?? spec.value
    this.value = spec.key === undefined ? undefined : spec.value
    this.key = elementKey(row.id, spec.column, this.member)
  }

  /** Many owners may want the same member of a set; of a map's key there is one. */
  get shared(): boolean {
    return this.value === undefined
  }

  get title(): string {
    return `${this.column} ${this.member} in ${this.row}`
  }
}

export const elementKey = (row: string, column: string, member: Atom): string => `${row} ${column} ${member}`

/** More different rows than this are referred to rarely; then the shared references are made anew. */
const MAX_SHARED = 10_000

/**
 * Makes desired objects for one `OvsdbTarget`. Pure: renders use it without a database.
 *
 * @example
 *   const nb = new OvsdbObjects({ target: 'nb', namespace: 'cluster-1' })
 *   nb.row({ table: 'Logical_Switch', key: 'net-a', columns: { name: 'net-a' } })
 *   nb.element({ row: { table: 'Port_Group', key: 'all' }, column: 'ports', value: nb.ref('Logical_Switch_Port', 'p1') })
 */
export class OvsdbObjects {
  readonly target: string
  readonly #namespace: string
  readonly #shared = new Map<string, RowWhere>()
  #lastTable = ''
  #lastKey = ''
  #lastUuid = ''

  /** @param options.namespace part of every row's UUID: different for every cluster that shares a database. */
  constructor(options: { readonly target: string; readonly namespace: string }) {
    this.target = options.target
    this.#namespace = options.namespace
  }

  row(spec: RowSpec): DesiredRow {
    return new DesiredRow(this.target, this.ref(spec.table, spec.key), spec, spec.parent && this.where(spec.parent))
  }

  element(spec: ElementSpec): DesiredElement {
    return new DesiredElement(this.target, this.where(spec.row), spec)
  }

  /** The UUID of a row of ours, to be used as a value in columns that refer to it. */
  ref(table: string, key: string): string {
    // A render mostly names the same row several times: one hash, and one string that its objects share.
    if (table === this.#lastTable && key === this.#lastKey) return this.#lastUuid
    this.#lastTable = table
    this.#lastKey = key
    this.#lastUuid = uuidFor(this.#namespace, `${table}/${key}`)
    return this.#lastUuid
  }

  where(ref: RowRef): RowWhere {
    const name = `${ref.table}/${ref.key ?? ''}/${ref.uuid ?? ''}/${ref.index ?? ''}/${ref.value ?? ''}`
    const known = this.#shared.get(name)
    if (known) return known
    if (this.#shared.size >= MAX_SHARED) this.#shared.clear()
    const uuid = ref.uuid ?? (ref.key === undefined ? undefined : this.ref(ref.table, ref.key))
    const where = new RowWhere(ref.table, uuid, ref.index, ref.value)
    this.#shared.set(name, where)
    return where
  }
}
