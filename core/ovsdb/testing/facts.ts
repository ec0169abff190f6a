import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseSchema } from '../schema/parse.ts'
import type { DatabaseSchema } from '../schema/types.ts'
import type { MapInput, NonEmptySetInput, OvsMap, OvsSet, SetInput, Uuid } from '../schema/values.ts'

/** The test schema `facts.ovsschema` with types, as the generator would write them. */

export const factsFile = fileURLToPath(new URL('facts.ovsschema', import.meta.url))

export interface Item {
  readonly _uuid: Uuid<'Item'>
  readonly name: string
  readonly n: number
  readonly r: number
  readonly b: boolean
  readonly opt: string | undefined
  readonly num: number | undefined
  readonly ints: OvsSet<number>
  readonly tags: OvsSet<string>
  readonly few: OvsSet<number>
  readonly some: OvsSet<string>
  readonly attrs: OvsMap<string, string>
  readonly fixed: string
  readonly small: number
  readonly short: string
  readonly children: OvsSet<Uuid<'Child'>>
  readonly peers: OvsSet<Uuid<'Peer'>>
}

export interface ItemInsert {
  readonly name?: string
  readonly n?: number | bigint
  readonly r?: number
  readonly b?: boolean
  readonly opt?: string | null
  readonly num?: number | null
  readonly ints?: SetInput<number | bigint>
  readonly tags?: SetInput<string>
  readonly few?: SetInput<number>
  readonly some?: NonEmptySetInput<string>
  readonly attrs?: MapInput<string, string>
  readonly fixed?: string
  readonly small?: number
  readonly short?: string
  readonly children?: SetInput<Uuid<'Child'>>
  readonly peers?: SetInput<Uuid<'Peer'>>
}

interface Named<T extends string> {
  readonly row: { readonly _uuid: Uuid<T>; readonly name: string }
  readonly insert: { readonly name?: string }
  readonly update: { readonly name?: string }
}

type Mode = 'a' | 'b'

export type FactsTables = {
  readonly Item: { readonly row: Item; readonly insert: ItemInsert; readonly update: Omit<ItemInsert, 'fixed'> }
  readonly Child: Named<'Child'>
  readonly Peer: Named<'Peer'>
  readonly Single: Named<'Single'>
  readonly Moded: {
    readonly row: { readonly _uuid: Uuid<'Moded'>; readonly mode: Mode }
    readonly insert: { readonly mode: Mode }
    readonly update: { readonly mode?: Mode }
  }
}

export const facts = parseSchema(JSON.parse(readFileSync(factsFile, 'utf8'))) as DatabaseSchema<FactsTables>
