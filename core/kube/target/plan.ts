import type { Blocked } from '@ovnkit/reconcile'
import type { KubeRequest } from '../client/request.ts'
import type { ObjectRef } from '../resources.ts'
import type { Ledger } from './ledger.ts'
import type { Observed, ObservedResource } from './observed.ts'

/** One API call that brings an object closer to what is desired. */
export interface Write {
  /** Key of the desired object. */
  readonly key: string
  readonly ref: ObjectRef
  readonly objectKey: string
  /** The uid that the call is good for; undefined when it creates. */
  readonly uid: string | undefined
  readonly request: KubeRequest
  /** Remembered in the ledger when it succeeded; undefined for removals. */
  readonly text: string | undefined
  readonly lasting: boolean
}

/** What planning may look at. */
export interface PlanContext {
  readonly ledger: Ledger
  readonly fieldManager: string
  readonly managedBy: string
  /** ms since the epoch, for conditions. */
  readonly now: number
  resource(ref: ObjectRef): ObservedResource
}

/** undefined: nothing to do. */
export type Plan = { readonly write: Write } | { readonly blocked: Blocked } | undefined

export function blocked(message: string, retryAfter?: number): Plan {
  return { blocked: retryAfter === undefined ? { message } : { message, retryAfter } }
}

export function describe({ resource }: ObjectRef, objectKey: string): string {
  return `${resource.kind} ${objectKey}`
}

/** The object that exists and is meant, or why it can't be written to now: the store's next event tells. */
export function findObject(
  context: PlanContext,
  ref: ObjectRef,
  objectKey: string,
): { readonly found: Observed } | { readonly missing: string } {
  const found = context.resource(ref).lookup(objectKey)
  if (found === undefined) return { missing: `${describe(ref, objectKey)} does not exist` }
  if (ref.uid !== undefined && ref.uid !== found.uid)
    return { missing: `${describe(ref, objectKey)} is another object now (uid ${found.uid}, not ${ref.uid})` }
  if (context.ledger.isGone(goneKey(ref, objectKey), found.uid))
    return { missing: `${describe(ref, objectKey)} is gone, the watch will tell` }
  return { found }
}

export function goneKey({ resource }: ObjectRef, objectKey: string): string {
  return `${resource.plural}/${objectKey}`
}
