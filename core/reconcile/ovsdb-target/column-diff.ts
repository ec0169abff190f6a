import type { Atom, ColumnValue } from './desired.ts'

/** What brings one column from what it is to what it should be. */
export type ColumnChange =
  /** Null empties an optional column. */
  | { readonly kind: 'replace'; readonly value: Atom | readonly Atom[] | null }
  | { readonly kind: 'members'; readonly add: readonly Atom[]; readonly remove: readonly Atom[] }
  | { readonly kind: 'pairs'; readonly set: readonly (readonly [Atom, Atom])[]; readonly remove: readonly Atom[] }

interface SetLike {
  readonly size: number
  has(member: unknown): boolean
  [Symbol.iterator](): Iterator<Atom>
}

interface MapLike {
  readonly size: number
  has(key: unknown): boolean
  get(key: unknown): unknown
  keys(): Iterable<Atom>
}

export const isMapLike = (value: unknown): value is MapLike =>
  typeof value === 'object' && value !== null && 'get' in value && 'has' in value

export const isSetLike = (value: unknown): value is SetLike =>
  typeof value === 'object' && value !== null && 'has' in value && !('get' in value)

/** Members of a set, keys of a map; nothing for a scalar. */
export function membersIn(column: unknown): Iterable<Atom> {
  if (isMapLike(column)) return column.keys()
  return isSetLike(column) ? column : []
}

/** Whether a column has an element: the key of a map, the member of a set, or the value of an optional scalar. */
export function hasMember(
  column: unknown,
  { member, value }: { readonly member: Atom; readonly value?: Atom | undefined },
): boolean {
  if (isMapLike(column)) return column.has(member)
  return value === undefined && (isSetLike(column) ? column.has(member) : column === member)
}

/**
 * Compares a column with what it should be, by element where the column has elements.
 * @param keepOthers keys of a map that are not named stay; otherwise the map becomes exactly the desired one
 */
export function diffColumn(actual: unknown, desired: ColumnValue, keepOthers: boolean): ColumnChange | undefined {
  if (desired === undefined) return undefined
  if (isMapLike(actual)) return diffMap(actual, desired, keepOthers)
  if (isSetLike(actual)) return diffSet(actual, desired)
  return diffScalar(actual, desired)
}

function diffScalar(actual: unknown, desired: Exclude<ColumnValue, undefined>): ColumnChange | undefined {
  const value = isArray(desired) ? desired[0] : desired
  if (typeof value === 'object') throw new TypeError('a map was rendered for a column that is no map')
  if (sameAtom(actual, value)) return undefined
  return { kind: 'replace', value: value ?? null }
}

function diffSet(actual: SetLike, desired: Exclude<ColumnValue, undefined>): ColumnChange | undefined {
  if (typeof desired === 'object' && !isArray(desired))
    throw new TypeError('a map was rendered for a column that is a set')
  const wanted = isArray(desired) ? desired : [desired]
  const add = wanted.filter(member => !actual.has(member))
  if (add.length === 0 && actual.size === new Set(wanted).size) return undefined
  const keep = new Set(wanted)
  const remove = [...actual].filter(member => !keep.has(member))
  // By element this could go through a size that the column must not have: each mutation is checked by itself.
  if (remove.length === actual.size) return { kind: 'replace', value: wanted }
  return { kind: 'members', add, remove }
}

function diffMap(
  actual: MapLike,
  desired: Exclude<ColumnValue, undefined>,
  keepOthers: boolean,
): ColumnChange | undefined {
  if (typeof desired !== 'object' || isArray(desired)) throw new TypeError('a column that is a map needs a record')
  const set: [Atom, Atom][] = []
  const remove: Atom[] = []
  let present = 0
  for (const key in desired) {
    const value = desired[key]
    const has = actual.has(key)
    if (has) present++
    if (value === undefined ? has : !sameAtom(actual.get(key), value)) {
      if (value === undefined) remove.push(key)
      else set.push([key, value])
    }
  }
  if (!keepOthers && present < actual.size)
    for (const key of actual.keys()) if (!(key.toString() in desired)) remove.push(key)
  return set.length + remove.length > 0 ? { kind: 'pairs', set, remove } : undefined
}

/** Integers beyond 2^53 come as bigint, smaller ones as number, whatever was rendered. */
export function sameAtom(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a === 'bigint' && typeof b === 'number') return a === BigInt(b)
  return typeof a === 'number' && typeof b === 'bigint' && BigInt(a) === b
}

const isArray = (value: ColumnValue): value is readonly Atom[] => Array.isArray(value)
