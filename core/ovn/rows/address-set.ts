import type { OvnRow } from './row.ts'

/** An Address_Set, which a match names as `$name`. `name` must match `[a-zA-Z_.][a-zA-Z_.0-9]*`. */
export function addressSet(spec: { key: string; name: string; addresses?: readonly string[] }): OvnRow {
  return { table: 'Address_Set', key: spec.key, columns: { name: spec.name, addresses: spec.addresses } }
}
