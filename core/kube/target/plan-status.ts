import { PATCH_TYPES } from '../client/request.ts'
import { pathOf } from '../resources.ts'
import { covers } from './compare.ts'
import { formatTime, stampConditions } from './conditions.ts'
import type { DesiredStatus } from './desired.ts'
import { blocked, describe, findObject, type Plan, type PlanContext } from './plan.ts'

/** A merge patch of the status subresource, not oftener than its interval. */
export function planStatus(context: PlanContext, desired: DesiredStatus): Plan {
  const { ref, key, status, minIntervalMs, objectKey } = desired
  const object = findObject(context, ref, objectKey)
  if ('missing' in object) return blocked(object.missing)
  const { uid, status: held } = object.found
  const text = JSON.stringify(status)
  const verdict = context.ledger.judge(key, uid, text, context.resource(ref).version(objectKey))
  if (verdict === 'holds' || (verdict === 'compare' && covers(held, status))) return undefined
  const wait = context.ledger.wait(key, minIntervalMs, context.now)
  if (wait > 0) return blocked(`the status of ${describe(ref, objectKey)} was written a moment ago`, wait)
  const request = {
    method: 'PATCH' as const,
    path: pathOf(ref.resource, { ...ref, subresource: 'status' }),
    query: { fieldManager: context.fieldManager },
    contentType: PATCH_TYPES.merge,
    body: { metadata: { uid }, status: stampConditions(status, held, formatTime(context.now)) },
  }
  return { write: { key, ref, objectKey, uid, request, text, lasting: true } }
}
