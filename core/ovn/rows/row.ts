/** A set, map or scalar as a desired column value: arrays are sets, plain objects are maps, `undefined` leaves the column alone. */
export type ColumnValue =
  | string
  | number
  | boolean
  | readonly (string | number)[]
  | Readonly<Record<string, string | number | undefined>>
  | undefined

/** The row that refers to another one; without it OVN collects a row that is no root at once. */
export interface Parent {
  readonly table: string
  readonly column: string
  /** A row of ours, by the key that it was made with. */
  readonly key?: string
  /** Any row, by its UUID, */
  readonly uuid?: string
  /** or by a named index of the replica and the value to look up. */
  readonly index?: string
  readonly value?: string
}

/**
 * One row as it should be, independent of how it gets there; it is what `OvsdbObjects.row` of @ovnkit/reconcile takes. `key` is stable for the row's
 * life and unique in its table: the row's UUID is derived from it. Columns that are not named are left as they are.
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
