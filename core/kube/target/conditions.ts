import { isRecord } from './compare.ts'

type Fields = Readonly<Record<string, unknown>>

/**
 * The status to send: conditions get `lastTransitionTime` (meta/v1 Condition): that of the held condition of the same type while its
 * `status` is the same, else now. Anything else is sent as desired.
 * @param now RFC 3339 with seconds
 */
export function stampConditions(desired: Fields, held: Fields | undefined, now: string): Fields {
  const conditions = desired.conditions
  if (!Array.isArray(conditions)) return desired
  const before = byType(held?.conditions)
  const stamped = conditions.map(condition => (isRecord(condition) ? stamp(condition, before, now) : condition))
  return { ...desired, conditions: stamped }
}

function stamp(condition: Fields, before: ReadonlyMap<unknown, Fields>, now: string): Fields {
  if (condition.lastTransitionTime !== undefined) return condition
  const old = before.get(condition.type)
  const kept = old?.status === condition.status ? old?.lastTransitionTime : undefined
  return { ...condition, lastTransitionTime: kept ?? now }
}

function byType(conditions: unknown): ReadonlyMap<unknown, Fields> {
  const list: readonly unknown[] = Array.isArray(conditions) ? conditions : []
  return new Map(list.filter(isRecord).map(condition => [condition.type, condition]))
}

/** RFC 3339 without fractions: meta/v1 Time. */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
