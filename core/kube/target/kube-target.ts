import type { CommitResult, Held, OwnerKey, Target, TargetBatch, TargetSink } from '@ovnkit/reconcile'
import type { KubeClient } from '../client/client.ts'
import { decodeText } from '../client/decode.ts'
import type { KubeResponse } from '../client/request.ts'
import { withoutManagedFields } from '../mirror/managed-fields.ts'
import type { KubeObject, ObjectName, ObjectRef } from '../resources.ts'
import { KubeBatch } from './batch.ts'
import { DesiredAnnotations, DesiredFinalizer, desiredKey } from './desired.ts'
import { Ledger } from './ledger.ts'
import type { ObservedResource } from './observed.ts'
import { failureOf } from './outcome.ts'
import { goneKey, type PlanContext, type Write } from './plan.ts'
import { heldObjects, ownerOf } from './plan-object.ts'

export interface KubeTargetOptions {
  readonly client: KubeClient
  /** What is written to, each with the mirror that tells what is there. */
  readonly resources: readonly ObservedResource[]
  /** Default `kubernetes`; kubeDesires(name) makes objects for it. */
  readonly name?: string
  /** Default `zstack-ovn-kubernetes`. */
  readonly fieldManager?: string
  /** Value of the label that marks whole objects as ours. Default: fieldManager. */
  readonly managedBy?: string
  /** Owners written at once. Default 32. */
  readonly inFlight?: number
  /** ms since the epoch. */
  readonly now?: () => number
}

const PARTS = ['annotations', 'status', 'object', 'finalizer'] as const

/** Tries within one commit; longer outages are the engine's to wait out. */
const CALL_TIMEOUT_MS = 10_000

/** Writes to the Kubernetes API: annotations, status, finalizers, whole objects. What is there is read from mirrors, never asked. */
export class KubeTarget implements Target {
  readonly name: string
  readonly limits: { readonly inFlight: number; readonly owners: number }
  readonly #client: KubeClient
  readonly #resources = new Map<string, ObservedResource>()
  readonly #ledger = new Ledger()
  readonly #fieldManager: string
  readonly #managedBy: string
  readonly #now: () => number
  #sink: TargetSink | undefined
  #outage = false

  constructor(options: KubeTargetOptions) {
    this.name = options.name ?? 'kubernetes'
    this.limits = { inFlight: options.inFlight ?? 32, owners: 1 }
    this.#client = options.client
    this.#fieldManager = options.fieldManager ?? 'zstack-ovn-kubernetes'
    this.#managedBy = options.managedBy ?? this.#fieldManager
    this.#now = options.now ?? Date.now
    for (const resource of options.resources) this.#resources.set(resource.resource.plural, resource)
  }

  get ready(): boolean {
    for (const resource of this.#resources.values()) if (!resource.synced) return false
    return true
  }

  attach(sink: TargetSink): Disposable {
    const subscriptions = new DisposableStack()
    this.#sink = sink
    for (const resource of this.#resources.values()) {
      subscriptions.use(resource.onChange((key, present) => this.#changed(resource, key, present)))
      subscriptions.use(resource.onSynced(() => this.ready && sink.ready()))
    }
    return subscriptions
  }

  begin(): TargetBatch {
    return new KubeBatch(this.#context(), (write, signal) => this.#send(write, signal))
  }

  *held(): Generator<Held> {
    const context = this.#context()
    for (const resource of this.#resources.values()) {
      yield* heldObjects(context, this.name, resource)
      if (resource.sweepAnnotations.length > 0) yield* this.#heldAnnotations(resource)
      if (resource.sweepFinalizer !== undefined) yield* this.#heldFinalizers(resource, resource.sweepFinalizer)
    }
  }

  holder(key: string): OwnerKey | undefined {
    const [, plural, objectKey] = /^object ([^/]+)\/(.+)$/.exec(key) ?? []
    if (plural === undefined || objectKey === undefined) return undefined
    return ownerOf(this.#resources.get(plural)?.lookup(objectKey))
  }

  *#heldAnnotations({ resource, sweepAnnotations, keys, lookup }: ObservedResource): Generator<Held> {
    for (const key of keys()) {
      const held = lookup(key)
      const ours = sweepAnnotations.filter(name => held?.annotations?.[name] !== undefined)
      if (held === undefined || ours.length === 0) continue
      const where = nameOfKey(key)
      const values = Object.fromEntries(ours.map(name => [name, undefined]))
      yield {
        owner: undefined,
        object: new DesiredAnnotations(this.name, { resource, ...where, uid: held.uid }, values),
      }
    }
  }

  /** Without this an object that was deleted while nobody led would wait for ever. */
  *#heldFinalizers({ resource, keys, lookup }: ObservedResource, finalizer: string): Generator<Held> {
    for (const key of keys()) {
      const held = lookup(key)
      if (held?.finalizers?.includes(finalizer) !== true) continue
      const ref = { resource, ...nameOfKey(key), uid: held.uid }
      yield { owner: undefined, object: new DesiredFinalizer(this.name, ref, finalizer) }
    }
  }

  #context(): PlanContext {
    return {
      ledger: this.#ledger,
      fieldManager: this.#fieldManager,
      managedBy: this.#managedBy,
      now: this.#now(),
      resource: ref => this.#resource(ref),
    }
  }

  #resource({ resource: { plural } }: ObjectRef): ObservedResource {
    const known = this.#resources.get(plural)
    if (known !== undefined) return known
    throw new TypeError(
      `target ${this.name} has no resource "${plural}" (it has: ${[...this.#resources.keys()].join(', ')})`,
    )
  }

  #changed({ resource, version }: ObservedResource, key: string, present: boolean): void {
    const shown = version(key)
    this.#ledger.clearGone(`${resource.plural}/${key}`)
    for (const part of PARTS) {
      const name = desiredKey(part, resource, key)
      const echo = present ? this.#ledger.shown(name, shown) : this.#ledger.forget(name)
      if (!echo) this.#sink?.changed(name)
    }
    if (this.#outage) this.#recovered()
  }

  /** The watch speaks again: so does the API. */
  #recovered(): void {
    this.#outage = false
    this.#sink?.ready()
  }

  async #send(write: Write, signal: AbortSignal): Promise<CommitResult> {
    try {
      this.#landed(write, await this.#client.request({ ...write.request, signal, timeoutMs: CALL_TIMEOUT_MS }))
      return { status: 'committed' }
    } catch (error) {
      const failure = failureOf(error)
      if (failure.status === 'gone') return this.#gone(write)
      this.#outage ||= failure.status === 'unavailable'
      return failure
    }
  }

  #landed({ key, ref, objectKey, text, lasting }: Write, response: KubeResponse): void {
    if (text === undefined) {
      this.#ledger.forget(key)
      return
    }
    const { metadata } = decodeText<KubeObject>(withoutManagedFields(response.body))
    const entry = { uid: metadata?.uid ?? '', text, version: metadata?.resourceVersion ?? '', lasting }
    this.#ledger.wrote(key, entry, this.#resource(ref).version(objectKey), this.#now())
  }

  /** Nothing is left to do for that object. The owner is compared again and then waits for what the watch will tell. */
  #gone({ key, ref, objectKey, uid }: Write): CommitResult {
    if (uid !== undefined) this.#ledger.markGone(goneKey(ref, objectKey), uid)
    this.#sink?.changed(key)
    return { status: 'committed' }
  }
}

/** The reverse of `keyOf`. */
function nameOfKey(key: string): ObjectName {
  const slash = key.indexOf('/')
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
