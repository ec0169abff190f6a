import { setName } from '../match/set-name.ts'
import type { OvnRow } from './row.ts'

/** An Address_Set, which a match names as `$name`. `name` must be one that it can: `setName`. */
export function addressSet(spec: {
  key: string
  name: string
  addresses?: readonly string[]
  externalIds?: Readonly<Record<string, string>>
}): OvnRow {
  const columns = { name: setName(spec.name), addresses: spec.addresses }
  const ids = spec.externalIds && { external_ids: spec.externalIds }
  return { table: 'Address_Set', key: spec.key, columns: { ...columns, ...ids } }
}
