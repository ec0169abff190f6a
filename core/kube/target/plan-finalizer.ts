import { withType } from '../client/identity.ts'
import { pointer } from '../client/patch.ts'
import { type KubeRequest, PATCH_TYPES } from '../client/request.ts'
import { type KubeObject, pathOf } from '../resources.ts'
import type { DesiredFinalizer } from './desired.ts'
import { blocked, findObject, type Plan, type PlanContext } from './plan.ts'

/**
 * Adds one element by server-side apply: `finalizers` is a set there, so that those of others stay. A manager name of its own keeps it
 * apart from objects that are applied whole. An object that is being deleted takes no new finalizers: nothing is done then.
 */
export function planFinalizer(context: PlanContext, desired: DesiredFinalizer): Plan {
  const { ref, key, objectKey, finalizer } = desired
  const object = findObject(context, ref, objectKey)
  if ('missing' in object) return blocked(object.missing)
  const { uid, finalizers = [] } = object.found
  if (finalizers.includes(finalizer)) return undefined
  if (context.ledger.judge(key, uid, finalizer, context.resource(ref).version(objectKey)) === 'holds') return undefined
  const metadata = {
    name: ref.name,
    ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
    uid,
    finalizers: [finalizer],
  }
  const request: KubeRequest = {
    method: 'PATCH',
    path: pathOf(ref.resource, ref),
    query: { fieldManager: `${context.fieldManager}-finalizer`, force: true },
    contentType: PATCH_TYPES.apply,
    body: withType<KubeObject>(ref.resource, { metadata }),
  }
  return { write: { key, ref, objectKey, uid, request, text: finalizer, lasting: false } }
}

/** Takes our element out, whoever put it there; `test` guards against a list that changed meanwhile (422, compared again). */
export function planFinalizerRemoval(context: PlanContext, desired: DesiredFinalizer): Plan {
  const { ref, key, objectKey, finalizer } = desired
  const object = findObject(context, ref, objectKey)
  if ('missing' in object) return undefined
  const { uid, finalizers = [] } = object.found
  const at = finalizers.indexOf(finalizer)
  if (at < 0) return undefined
  const path = pointer('metadata', 'finalizers', String(at))
  const request: KubeRequest = {
    method: 'PATCH',
    path: pathOf(ref.resource, ref),
    query: { fieldManager: context.fieldManager },
    contentType: PATCH_TYPES.json,
    body: [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path, value: finalizer },
      { op: 'remove', path },
    ],
  }
  return { write: { key, ref, objectKey, uid, request, text: undefined, lasting: false } }
}
