import type { OwnerKey } from '../target.ts'
import { isMapLike } from './column-diff.ts'
import type { ColumnValue } from './desired.ts'
import type { ReplicaRow } from './replica.ts'

/** How rows of ours are recognised, by whoever looks and by us after a restart: two keys in `external_ids`. */
export interface Ownership {
  /** Key and value that say whose rows they are: `['zstack.io/managed-by', 'zstack-ovn-kubernetes']`. */
  readonly mark: readonly [key: string, value: string]
  /** Further keys that only rows of ours have beside the mark: `{ 'zstack.io/cluster': '...' }` where several clusters share a database. */
  readonly scope?: Readonly<Record<string, string>>
  /** The key under which a row names its owner: `zstack.io/owner`. */
  readonly owner: string
  /**
   * The mark alone makes a row ours, whatever its UUID: for databases in which nobody copies `external_ids`. A backup that is restored by
   * `ovsdb-client restore` has every row under a new UUID; with this they are taken for leftovers, and give way to the right ones.
   */
  readonly byMarkAlone?: boolean
}

export const MARK_COLUMN = 'external_ids'

/** Place of the version in a UUID's text, and the version of those that `uuidFor` makes. The server makes version 4. */
const VERSION_AT = 14
const MADE_BY_US = '8'

/**
 * The owner that a row of ours names; undefined for rows that are not ours. The mark alone does not make a row ours
 * unless the database is known for it: northd copies the external_ids of a port into the southbound Port_Binding, which must not be taken for a leftover.
 */
export function ownerOf(ownership: Ownership, row: ReplicaRow | undefined): OwnerKey | undefined {
  if (row === undefined) return undefined
  if (ownership.byMarkAlone !== true && row._uuid.charAt(VERSION_AT) !== MADE_BY_US) return undefined
  const ids = row[MARK_COLUMN]
  if (!isMapLike(ids)) return undefined
  const [key, value] = ownership.mark
  if (ids.get(key) !== value || !inScope(ownership, ids)) return undefined
  const owner = ids.get(ownership.owner)
  return typeof owner === 'string' ? owner : undefined
}

function inScope({ scope = {} }: Ownership, ids: Pick<ReadonlyMap<unknown, unknown>, 'get'>): boolean {
  return Object.entries(scope).every(([key, value]) => ids.get(key) === value)
}

/** The rendered `external_ids` of a row together with its mark. */
export function marked(ownership: Ownership, owner: OwnerKey, ids: ColumnValue): ColumnValue {
  const mark = { [ownership.mark[0]]: ownership.mark[1], ...ownership.scope, [ownership.owner]: owner }
  if (ids === undefined) return mark
  if (typeof ids !== 'object' || Array.isArray(ids)) throw new TypeError(`${MARK_COLUMN} needs a record`)
  return { ...ids, ...mark }
}
