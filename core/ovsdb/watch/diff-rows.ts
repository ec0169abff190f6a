import type { Delta } from '../codec/delta.ts'
import { MapValue } from '../codec/map-value.ts'
import type { RowObject } from '../codec/row-class.ts'
import { SetValue } from '../codec/set-value.ts'
import type { RowUpdate } from './types.ts'

export type AnyUpdate = RowUpdate<RowObject>

function compare(before: unknown, after: unknown): Delta | undefined {
  if (before instanceof SetValue && after instanceof SetValue) return before.compare(after)
  if (before instanceof MapValue && after instanceof MapValue) return before.compare(after)
  return undefined
}

/** How a row differs from an earlier one of the same UUID, column by column; undefined if it doesn't. */
export function diffRows(old: RowObject, row: RowObject): AnyUpdate | undefined {
  const columns = new Set<string>()
  const deltas = new Map<string, Delta>()
  for (const column of Object.keys(row)) {
    const delta = compare(old[column], row[column])
    if (delta) deltas.set(column, delta)
    const collection = row[column] instanceof SetValue || row[column] instanceof MapValue
    if (delta || (!collection && old[column] !== row[column])) columns.add(column)
  }
  return columns.size === 0 ? undefined : { row, old, columns, deltas }
}

/** Joins two updates of one row that follow each other; undefined if the second undoes the first. Costs what changed. */
export function joinUpdates(first: AnyUpdate, second: AnyUpdate): AnyUpdate | undefined {
  const { old } = first
  const { row } = second
  const columns = new Set<string>()
  const deltas = new Map<string, Delta>()
  for (const column of new Set([...first.columns, ...second.columns])) {
    const touched = [first, second].flatMap(update => touchedKeys(update.deltas.get(column)))
    const delta = joinDelta(touched, old[column], row[column])
    if (delta) deltas.set(column, delta)
    if (delta || (touched.length === 0 && old[column] !== row[column])) columns.add(column)
  }
  return columns.size === 0 ? undefined : { row, old, columns, deltas }
}

function touchedKeys(delta: Delta | undefined): unknown[] {
  return delta ? [...delta.added, ...delta.changed, ...delta.removed] : []
}

function joinDelta(touched: readonly unknown[], before: unknown, after: unknown): Delta | undefined {
  const delta = { added: [] as unknown[], changed: [] as unknown[], removed: [] as unknown[] }
  for (const key of new Set(touched)) {
    const [a, b] = [valueAt(before, key), valueAt(after, key)]
    if (a === b) continue
    if (a === undefined) delta.added.push(key)
    else if (b === undefined) delta.removed.push(key)
    else delta.changed.push(key)
  }
  return delta.added.length + delta.changed.length + delta.removed.length === 0 ? undefined : delta
}

function valueAt(collection: unknown, key: unknown): unknown {
  if (collection instanceof MapValue) return collection.get(key)
  return collection instanceof SetValue && collection.has(key) ? true : undefined
}
