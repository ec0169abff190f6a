import { setName } from '../match/set-name.ts'
import type { OvnRow } from './row.ts'

/** An Address_Set, which a match names as `$name`. `name` must be one that it can: `setName`. */
export function addressSet(spec: { key: string; name: string; addresses?: readonly string[] }): OvnRow {
  return { table: 'Address_Set', key: spec.key, columns: { name: setName(spec.name), addresses: spec.addresses } }
}
