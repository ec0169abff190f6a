import type { OwnerKey } from '../target.ts'
import { isMapLike } from './column-diff.ts'
import type { ColumnValue } from './desired.ts'
import type { ReplicaRow } from './replica.ts'

/** How rows of ours are recognised, by whoever looks and by us after a restart: two keys in `external_ids`. */
export interface Ownership {
  /** Key and value that say whose rows they are: `['zstack.io/managed-by', 'zstack-ovn-kubernetes']`. */
  readonly mark: readonly [key: string, value: string]
  /** The key under which a row names its owner: `zstack.io/owner`. */
  readonly owner: string
}

export const MARK_COLUMN = 'external_ids'

/** The owner that a row of ours names; undefined for rows that are not ours. */
export function ownerOf(ownership: Ownership, row: ReplicaRow | undefined): OwnerKey | undefined {
  const ids = row?.[MARK_COLUMN]
  if (!isMapLike(ids) || ids.get(ownership.mark[0]) !== ownership.mark[1]) return undefined
  const owner = ids.get(ownership.owner)
  return typeof owner === 'string' ? owner : undefined
}

/** The rendered `external_ids` of a row together with its mark. */
export function marked(ownership: Ownership, owner: OwnerKey, ids: ColumnValue): ColumnValue {
  const mark = { [ownership.mark[0]]: ownership.mark[1], [ownership.owner]: owner }
  if (ids === undefined) return mark
  if (typeof ids !== 'object' || Array.isArray(ids)) throw new TypeError(`${MARK_COLUMN} needs a record`)
  return { ...ids, ...mark }
}
