import type { Desired, Held, OwnerKey } from '@ovnkit/reconcile'
import { withType } from '../client/identity.ts'
import { type KubeRequest, PATCH_TYPES } from '../client/request.ts'
import { type KubeObject, pathOf } from '../resources.ts'
import { covers } from './compare.ts'
import { DesiredObject } from './desired.ts'
import type { Observed } from './observed.ts'
import { blocked, describe, type Plan, type PlanContext } from './plan.ts'

/** Recommended label (kubernetes.io "Recommended Labels"): what carries it with our name is ours. */
export const MANAGED_BY = 'app.kubernetes.io/managed-by'
/** Annotation: key of the owner that wants the object. */
export const OWNER = 'zstack.io/owner'

/** Server-side apply of a whole object. An object of that name that lacks our label is left alone. */
export function planObject(context: PlanContext, desired: DesiredObject, owner: OwnerKey): Plan {
  const { ref, key, objectKey } = desired
  const resource = context.resource(ref)
  const object = marked(desired, owner, context.managedBy)
  const text = JSON.stringify(object)
  const held = resource.lookup(objectKey)
  if (held === undefined)
    return context.ledger.created(key)?.text === text ? undefined : apply(context, desired, object, text)
  if (!desired.adopt && !isOurs(held, context.managedBy))
    return blocked(
      `${describe(ref, objectKey)} exists and is not ours: delete it, or label it ${MANAGED_BY}=${context.managedBy}`,
    )
  const verdict = context.ledger.judge(key, held.uid, text, resource.version(objectKey))
  if (verdict === 'holds' || (verdict === 'compare' && covers(held.object, object))) return undefined
  return apply(context, desired, object, text, held.uid)
}

/** Deletes this very object, if it is ours. */
export function planObjectRemoval(context: PlanContext, { ref, key, objectKey }: DesiredObject): Plan {
  const held = context.resource(ref).lookup(objectKey)
  if (held === undefined || !isOurs(held, context.managedBy)) return undefined
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: held.uid } }
  const request: KubeRequest = { method: 'DELETE', path: pathOf(ref.resource, ref), body }
  return { write: { key, ref, objectKey, uid: held.uid, request, text: undefined, lasting: false } }
}

/** Our objects of one resource, with the owners that they are marked with. */
export function* heldObjects(
  context: PlanContext,
  target: string,
  ref: Pick<DesiredObject['ref'], 'resource'>,
): Generator<Held> {
  const resource = context.resource({ resource: ref.resource, name: '' })
  for (const key of resource.keys()) {
    const held = resource.lookup(key)
    if (held?.object === undefined || !isOurs(held, context.managedBy)) continue
    const { namespace, name = key } = held.object.metadata ?? {}
    const where = namespace === undefined ? { name } : { namespace, name }
    const object: Desired = new DesiredObject(
      target,
      { resource: ref.resource, ...where, uid: held.uid },
      held.object,
      false,
    )
    yield { owner: ownerOf(held), object }
  }
}

export function ownerOf(held: Observed | undefined): OwnerKey | undefined {
  return held?.object?.metadata?.annotations?.[OWNER]
}

function isOurs(held: Observed, managedBy: string): boolean {
  return held.object?.metadata?.labels?.[MANAGED_BY] === managedBy
}

function marked({ object, ref }: DesiredObject, owner: OwnerKey, managedBy: string): KubeObject {
  const { labels, annotations } = object.metadata ?? {}
  const metadata = {
    ...object.metadata,
    labels: { ...labels, [MANAGED_BY]: managedBy },
    annotations: { ...annotations, [OWNER]: owner },
  }
  return withType(ref.resource, { ...object, metadata })
}

function apply(context: PlanContext, desired: DesiredObject, body: KubeObject, text: string, uid?: string): Plan {
  const { ref, key, objectKey } = desired
  const request: KubeRequest = {
    method: 'PATCH',
    path: pathOf(ref.resource, ref),
    query: { fieldManager: context.fieldManager, force: true },
    contentType: PATCH_TYPES.apply,
    body,
  }
  return { write: { key, ref, objectKey, uid, request, text, lasting: true } }
}
