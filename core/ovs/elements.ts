import { deleteKeys, type Mutation, mutate, type Operation, type OvsMap, setKeys } from '@ovnkit/ovsdb'

/** Wanted keys of a map column: a text to set, undefined to remove. Keys that are not named belong to others and stay. */
export type WantedKeys = Readonly<Record<string, string | undefined>>

/** What makes `held` hold the wanted keys, by element; nothing when it does. */
export function keyMutations(column: string, held: OvsMap<string, string>, wanted: WantedKeys): Mutation[] {
  const toSet = Object.entries(wanted).flatMap(([key, value]) =>
    value !== undefined && held.get(key) !== value ? [[key, value] as const] : [],
  )
  const toDelete = Object.keys(wanted).filter(key => wanted[key] === undefined && held.has(key))
  return [
    ...(toSet.length > 0 ? [setKeys(column, toSet)] : []),
    ...(toDelete.length > 0 ? [deleteKeys(column, ...toDelete)] : []),
  ]
}

/** The mutations as one operation; none when there is nothing to do. */
export const mutation = (table: string, uuid: string, mutations: readonly Mutation[]): Operation[] =>
  mutations.length > 0 ? [mutate(table, uuid, mutations)] : []

/** The wanted keys that are to be there, for an insert. */
export const presentKeys = (wanted: WantedKeys = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(wanted).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))
