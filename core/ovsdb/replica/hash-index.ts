import type { RowObject } from '../codec/row-class.ts'
import type { RowPatch } from '../codec/table-codec.ts'
import type { ElementPart, IndexPart } from '../types.ts'

/** Values by column of a stored key; several parts are joined with a character that no OVSDB string can hold. */
type Key = unknown
const JOINT = '\0'

interface Reader {
  readonly column: string
  read(row: RowObject): unknown
}

/** The key of a lookup or of a row; undefined if a part is absent: such rows are not in the index. */
export function joinKey(parts: readonly unknown[]): Key {
  if (parts.length === 1) return parts[0]
  return parts.includes(undefined) ? undefined : parts.map(String).join(JOINT)
}

function reader(part: Exclude<IndexPart, ElementPart>): Reader {
  if (typeof part === 'string') return { column: part, read: row => row[part] }
  const { column, key } = part
  return { column, read: row => (row[column] as ReadonlyMap<unknown, unknown>).get(key) }
}

function isElement(part: IndexPart | undefined): part is ElementPart {
  return typeof part === 'object' && 'element' in part
}

/** Rows by key: the UUID itself while there is one, a Set of them from two on. */
export class HashIndex {
  readonly #buckets = new Map<Key, string | Set<string>>()
  readonly #readers: readonly Reader[]
  readonly element: string | undefined

  /** Throws for an element part that is not alone. */
  constructor(name: string, parts: readonly IndexPart[]) {
    const [first] = parts
    if (parts.some(isElement) && parts.length > 1) throw new Error(`index ${name}: element() must be its only part`)
    this.element = isElement(first) ? first.element : undefined
    this.#readers = parts.flatMap(part => (isElement(part) ? [] : [reader(part)]))
  }

  get columns(): readonly string[] {
    return this.element === undefined ? this.#readers.map(({ column }) => column) : [this.element]
  }

  find(key: readonly unknown[]): string | ReadonlySet<string> | undefined {
    return this.#buckets.get(joinKey(key))
  }

  /** Whether the row belongs under the key. */
  matches(row: RowObject, key: readonly unknown[]): boolean {
    return [...this.#keys(row)].includes(joinKey(key))
  }

  add(row: RowObject): void {
    for (const key of this.#keys(row)) this.#put(key, row._uuid)
  }

  delete(row: RowObject): void {
    for (const key of this.#keys(row)) this.#drop(key, row._uuid)
  }

  /** Costs as much as what changed. */
  change({ old, row, columns, deltas }: RowPatch): void {
    if (!this.columns.some(column => columns.has(column))) return
    if (this.element === undefined) {
      this.delete(old)
      this.add(row)
      return
    }
    const delta = deltas.get(this.element)
    for (const key of delta?.removed ?? []) this.#drop(key, row._uuid)
    for (const key of delta?.added ?? []) this.#put(key, row._uuid)
  }

  #keys(row: RowObject): Iterable<Key> {
    if (this.element !== undefined) return row[this.element] as Iterable<Key>
    const [only] = this.#readers
    const key = only && this.#readers.length === 1 ? only.read(row) : joinKey(this.#readers.map(part => part.read(row)))
    return key === undefined ? [] : [key]
  }

  #put(key: Key, uuid: string): void {
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) this.#buckets.set(key, uuid)
    else if (typeof bucket === 'string') this.#buckets.set(key, new Set([bucket, uuid]))
    else bucket.add(uuid)
  }

  #drop(key: Key, uuid: string): void {
    const bucket = this.#buckets.get(key)
    if (typeof bucket === 'string') {
      if (bucket === uuid) this.#buckets.delete(key)
      return
    }
    bucket?.delete(uuid)
    if (bucket?.size === 1) for (const last of bucket) this.#buckets.set(key, last)
  }
}
