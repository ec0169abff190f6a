import type { MultiMap } from './multimap.ts'
import { conflictWith, type Problem } from './problem.ts'
import type { OwnerRecord } from './record.ts'
import type { Desired, TargetBatch } from './target.ts'

/** One owner in a batch. */
export interface Member {
  readonly record: OwnerRecord
  readonly removed: readonly Desired[]
  /** False when a part of it is blocked: what was to be removed may still be there. */
  readonly complete: boolean
  readonly problem: Problem | undefined
}

export interface Group {
  readonly batch: TargetBatch
  /** The owners that differ from what the target holds. */
  readonly members: Member[]
}

/** What the owner wants in this target, without what another owner has. */
export function wantedIn(
  target: string,
  record: OwnerRecord,
  claims: MultiMap<string, OwnerRecord>,
): { readonly desired: readonly Desired[]; readonly conflict: Problem | undefined } {
  const desired: Desired[] = []
  let conflict: Problem | undefined
  for (const object of record.objects) {
    if (object.target !== target) continue
    const first = object.shared ? record : claims.first(object.key)
    if (first === record) desired.push(object)
    else conflict ??= conflictWith(object, first?.key ?? 'another owner')
  }
  return { desired, conflict }
}

/**
 * How a refused group is divided. The others first: they are likely to be fine, and the suspect may need what they bring.
 * Without a suspect in halves, in order, so that what is referred to still comes before what refers to it.
 */
export function divide(members: readonly Member[], suspect: Member | undefined): readonly (readonly Member[])[] {
  if (suspect) return [members.filter(member => member !== suspect), [suspect]]
  const middle = members.length >> 1
  return [members.slice(0, middle), members.slice(middle)]
}
