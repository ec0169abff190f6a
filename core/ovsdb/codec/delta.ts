/** What differs between two values of one column. */
export interface Delta {
  readonly added: readonly unknown[]
  readonly changed: readonly unknown[]
  readonly removed: readonly unknown[]
}

const none: readonly never[] = Object.freeze([])

/** The delta of columns that hold one value: that they differ says it all. */
export const REPLACED: Delta = Object.freeze({ added: none, changed: none, removed: none })

/** Values up to this many elements are plain arrays, searched from the left and copied when they change. */
export const SMALL = 16

/** A few elements to search in: an array while that is faster than a Set. */
export type Lookup<T> = readonly T[] | ReadonlySet<T>

export function lookup<T>(items: readonly T[]): Lookup<T> {
  return items.length > SMALL ? new Set(items) : items
}

export function contains<T>(items: Lookup<T>, value: T): boolean {
  return items instanceof Set ? items.has(value) : (items as readonly T[]).includes(value)
}
