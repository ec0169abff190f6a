import type { Desired } from '@ovnkit/reconcile'
import { nameOf } from '../client/identity.ts'
import { type KubeObject, keyOf, type ObjectRef, type Resource } from '../resources.ts'

type Part = 'annotations' | 'status' | 'object' | 'finalizer'

/** Identity of what is written to one object: `annotations pods/default/web-0`. */
export function desiredKey(part: Part, resource: Resource, objectKey: string): string {
  return `${part} ${resource.plural}/${objectKey}`
}

abstract class KubeDesired implements Desired {
  readonly target: string
  readonly key: string
  readonly ref: ObjectRef

  constructor(target: string, key: string, ref: ObjectRef) {
    this.target = target
    this.key = key
    this.ref = ref
  }

  get objectKey(): string {
    return keyOf(this.ref)
  }
}

/** Annotation keys of ours on an object of anybody: a text, or undefined for "shall not be there". */
export class DesiredAnnotations extends KubeDesired {
  readonly values: Readonly<Record<string, string | undefined>>

  constructor(target: string, ref: ObjectRef, values: Readonly<Record<string, string | undefined>>) {
    super(target, desiredKey('annotations', ref.resource, keyOf(ref)), ref)
    this.values = values
  }
}

/** Fields of the status subresource. Fields that are not named are left alone; removing the whole does nothing. */
export class DesiredStatus extends KubeDesired {
  readonly status: Readonly<Record<string, unknown>>
  readonly minIntervalMs: number

  constructor(target: string, ref: ObjectRef, status: Readonly<Record<string, unknown>>, minIntervalMs: number) {
    super(target, desiredKey('status', ref.resource, keyOf(ref)), ref)
    this.status = status
    this.minIntervalMs = minIntervalMs
  }
}

/** A whole object of ours, by server-side apply. It carries our label and its owner's key, and is deleted with its owner. */
export class DesiredObject extends KubeDesired {
  readonly object: KubeObject
  /** Take an object of that name over although it lacks our label. */
  readonly adopt: boolean

  constructor(target: string, ref: ObjectRef, object: KubeObject, adopt: boolean) {
    super(target, desiredKey('object', ref.resource, keyOf(ref)), ref)
    this.object = object
    this.adopt = adopt
  }
}

/** Our finalizer among the others of an object, one per object; removed with its owner. */
export class DesiredFinalizer extends KubeDesired {
  readonly finalizer: string

  constructor(target: string, ref: ObjectRef, finalizer: string) {
    super(target, desiredKey('finalizer', ref.resource, keyOf(ref)), ref)
    this.finalizer = finalizer
  }
}

/** Makes the desired objects of one KubeTarget; usable in pure renders. */
export interface KubeDesires {
  /**
   * Our annotations on that object. Name every key that you manage, with undefined for those that shall not be there: a key
   * that is no longer named stays as it is. All keys go when the whole is no longer desired.
   */
  annotations(ref: ObjectRef, values: Readonly<Record<string, string | undefined>>): DesiredAnnotations
  /**
   * Fields of its status. `conditions` replaces the list; leave out `lastTransitionTime`: it is kept while a condition's `status`
   * is the same, and stamped when it changes. `minIntervalMs`: at most one write in that time, the last one wins.
   */
  status(
    ref: ObjectRef,
    status: Readonly<Record<string, unknown>>,
    options?: { readonly minIntervalMs?: number },
  ): DesiredStatus
  /** A whole object of ours; metadata.name (and namespace) say which. */
  object<T extends KubeObject>(resource: Resource<T>, object: T, options?: { readonly adopt?: boolean }): DesiredObject
  /** One finalizer of ours, e.g. `network.zstack.io/in-use`, among those of others. */
  finalizer(ref: ObjectRef, finalizer: string): DesiredFinalizer
}

/** @param target name of the KubeTarget that they are for */
export function kubeDesires(target = 'kubernetes'): KubeDesires {
  return {
    annotations: (ref, values) => new DesiredAnnotations(target, ref, values),
    status: (ref, status, { minIntervalMs = 0 } = {}) => new DesiredStatus(target, ref, status, minIntervalMs),
    object: (resource, object, { adopt = false } = {}) =>
      new DesiredObject(target, { resource, ...nameOf(object) }, object, adopt),
    finalizer: (ref, finalizer) => new DesiredFinalizer(target, ref, finalizer),
  }
}
