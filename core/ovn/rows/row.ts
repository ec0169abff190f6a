/** A set, map or scalar as a desired column value: arrays are sets, plain objects are maps, `undefined` leaves the column alone. */
export type ColumnValue =
  | string
  | number
  | boolean
  | readonly (string | number)[]
  | Readonly<Record<string, string>>
  | undefined

/** The row that holds the reference without which OVN garbage-collects a non-root row. */
export interface Parent {
  readonly table: string
  /** The parent's key, when it is a row of ours; otherwise `uuid` names the foreign row. */
  readonly key?: string
  readonly uuid?: string
  readonly column: string
}

/**
 * One row as it should be, independent of how it gets there. `key` is stable for the row's life and unique in its table: the row's UUID is derived
 * from it. Columns that are not named are left as they are.
 */
export interface OvnRow {
  readonly table: string
  readonly key: string
  readonly columns: Readonly<Record<string, ColumnValue>>
  readonly parent?: Parent
}

/** Drops entries without a value, so that callers can write optional ones plainly. */
export function defined(entries: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [key, value] of Object.entries(entries)) if (value !== undefined) result[key] = value
  return result
}
