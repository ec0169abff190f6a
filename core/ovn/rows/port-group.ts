import { setName } from '../match/set-name.ts'
import type { OvnRow } from './row.ts'

/** A Port_Group, which a match names as `@name`. Its ports are elements that others contribute, its ACLs rows with it as their parent. */
export function portGroup(spec: { key: string; name: string; externalIds?: Readonly<Record<string, string>> }): OvnRow {
  return {
    table: 'Port_Group',
    key: spec.key,
    columns: { name: setName(spec.name), ...(spec.externalIds && { external_ids: spec.externalIds }) },
  }
}
