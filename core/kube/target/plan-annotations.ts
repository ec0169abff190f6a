import { PATCH_TYPES } from '../client/request.ts'
import { pathOf } from '../resources.ts'
import type { DesiredAnnotations } from './desired.ts'
import { blocked, findObject, type Plan, type PlanContext } from './plan.ts'

type Values = Readonly<Record<string, string | undefined>>

/** A merge patch of the keys that differ. `metadata.uid` in it makes the server refuse it for any other object (422). */
export function planAnnotations(context: PlanContext, desired: DesiredAnnotations): Plan {
  const { ref, key, values, objectKey } = desired
  const object = findObject(context, ref, objectKey)
  if ('missing' in object) return blocked(object.missing)
  const { uid, annotations } = object.found
  const text = JSON.stringify(values)
  const verdict = context.ledger.judge(key, uid, text, context.resource(ref).version(objectKey))
  if (verdict === 'holds') return undefined
  const patch = differing(verdict === 'overtaken' ? undefined : (annotations ?? {}), values)
  return patch === undefined ? undefined : { write: annotate(context, desired, uid, patch, text) }
}

/** Removes what is there of our keys. */
export function planAnnotationsRemoval(context: PlanContext, desired: DesiredAnnotations): Plan {
  const { ref, objectKey, values } = desired
  const object = findObject(context, ref, objectKey)
  if ('missing' in object) return undefined
  const nothing = Object.fromEntries(Object.keys(values).map(name => [name, undefined]))
  const patch = differing(object.found.annotations ?? {}, nothing)
  return patch === undefined ? undefined : { write: annotate(context, desired, object.found.uid, patch, undefined) }
}

/** @param held undefined: unknown, everything differs */
function differing(held: Values | undefined, wanted: Values): Record<string, string | null> | undefined {
  const patch: Record<string, string | null> = {}
  let any = false
  for (const name of Object.keys(wanted)) {
    if (held !== undefined && held[name] === wanted[name]) continue
    patch[name] = wanted[name] ?? null
    any = true
  }
  return any ? patch : undefined
}

function annotate(
  { fieldManager }: PlanContext,
  { ref, key, objectKey }: DesiredAnnotations,
  uid: string,
  annotations: Record<string, string | null>,
  text: string | undefined,
) {
  const request = {
    method: 'PATCH' as const,
    path: pathOf(ref.resource, ref),
    // Annotations are free text: the server need not decode everything a second time in search of unknown fields.
    query: { fieldManager, fieldValidation: 'Ignore' },
    contentType: PATCH_TYPES.merge,
    body: { metadata: { uid, annotations } },
  }
  return { key, ref, objectKey, uid, request, text, lasting: false }
}
