import type { Atom, ColumnValue } from './desired.ts'

/** Operations of a batch, in the target's own terms; the adapter turns them into the client's. */
export type Operation =
  | {
      readonly op: 'insert'
      readonly table: string
      readonly uuid: string
      readonly row: Readonly<Record<string, ColumnValue>>
    }
  | {
      readonly op: 'update'
      readonly table: string
      readonly uuid: string
      readonly row: Readonly<Record<string, Atom | readonly Atom[]>>
    }
  | { readonly op: 'mutate'; readonly table: string; readonly uuid: string; readonly mutations: readonly Mutation[] }
  | { readonly op: 'delete'; readonly table: string; readonly uuid: string }

export type Mutation =
  | { readonly kind: 'add'; readonly column: string; readonly members: readonly Atom[] }
  | { readonly kind: 'remove'; readonly column: string; readonly members: readonly Atom[] }
  /** Sets pairs whether or not the keys exist. */
  | { readonly kind: 'put'; readonly column: string; readonly pairs: readonly (readonly [Atom, Atom])[] }
  | { readonly kind: 'drop'; readonly column: string; readonly keys: readonly Atom[] }
