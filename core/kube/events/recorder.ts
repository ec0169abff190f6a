import { hostname } from 'node:os'
import type { Logger } from '@ovnkit/process'
import type { KubeClient } from '../client/client.ts'
import { isApiError } from '../client/errors.ts'
import { apiVersionOf, type CoreEvent, type ObjectRef, resources } from '../resources.ts'
import { formatTime } from '../target/conditions.ts'
import { Correlator, type EventNote, type Occurrence } from './correlator.ts'

export interface EventRecorderOptions {
  readonly client: KubeClient
  /** Shown as the source: `zstack-ovn-controller`. */
  readonly component: string
  /** Default: the machine's name. */
  readonly instance?: string
  readonly logger?: Logger
  readonly now?: () => number
}

/** Events wait here while the API is slow; beyond, the oldest are dropped. */
const MAX_QUEUE = 1000
const SENDERS = 2
const SEND_TIMEOUT_MS = 20_000

/**
 * Writes Events (core/v1, which is what `kubectl describe` and `kubectl get events` read) about objects. `event` returns at once and never
 * fails; repetitions count up one Event; floods are combined and limited; what can't be delivered is dropped and counted.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #now: () => number
  readonly #instance: string
  readonly #correlator = new Correlator()
  /** Waiting occurrences; one that repeats meanwhile is sent once. */
  readonly #queue = new Set<Occurrence>()
  readonly #sending = new Set<Occurrence>()
  readonly #idle: (() => void)[] = []
  #sequence = 0
  #dropped = 0

  constructor(options: EventRecorderOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#instance = options.instance ?? hostname()
  }

  /** Events that were never delivered: the queue was full, or the API refused them. */
  get dropped(): number {
    return this.#dropped
  }

  /** With its uid the subject is found by `kubectl describe`; events on cluster-scoped objects go to namespace default. */
  event(subject: ObjectRef, note: EventNote): void {
    const { occurrence, send } = this.#correlator.note(subject, note, this.#now())
    if (!send) return
    this.#queue.add(occurrence)
    if (this.#queue.size > MAX_QUEUE) this.#dropOldest()
    this.#pump()
  }

  /** Resolves when all that was recorded is delivered or dropped: call it before the process ends. */
  flush(): Promise<void> {
    if (this.#queue.size === 0 && this.#sending.size === 0) return Promise.resolve()
    return new Promise(resolve => this.#idle.push(resolve))
  }

  #dropOldest(): void {
    const oldest = this.#queue.values().next().value
    if (oldest !== undefined) this.#queue.delete(oldest)
    this.#dropped++
  }

  #pump(): void {
    for (const occurrence of this.#queue) {
      if (this.#sending.size >= SENDERS) return
      if (this.#sending.has(occurrence)) continue
      this.#queue.delete(occurrence)
      this.#sending.add(occurrence)
      void this.#send(occurrence)
    }
    if (this.#sending.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  async #send(occurrence: Occurrence): Promise<void> {
    try {
      await this.#write(occurrence)
    } catch (error) {
      this.#dropped++
      const { reason } = occurrence.note
      this.#options.logger?.warn({ err: error, reason, object: occurrence.subject.name }, 'event could not be recorded')
    } finally {
      this.#sending.delete(occurrence)
      this.#pump()
    }
  }

  async #write(occurrence: Occurrence): Promise<void> {
    if (occurrence.created !== undefined && (await this.#count(occurrence, occurrence.created))) return
    const object = this.#object(occurrence)
    await this.#options.client.create(resources.events, object, { timeoutMs: SEND_TIMEOUT_MS })
    occurrence.created = object.metadata?.name
  }

  /** Counts up the Event; false when the API forgot it (they live for an hour). */
  async #count({ subject, note, count, lastAt }: Occurrence, name: string): Promise<boolean> {
    const patch = { count, lastTimestamp: formatTime(lastAt), message: note.message }
    try {
      const where = { namespace: namespaceOf(subject), name }
      await this.#options.client.mergePatch(resources.events, where, patch, { timeoutMs: SEND_TIMEOUT_MS })
      return true
    } catch (error) {
      if (isApiError(error, 'notFound')) return false
      throw error
    }
  }

  #object({ subject, note, count, firstAt, lastAt }: Occurrence): CoreEvent {
    const { resource, namespace, name, uid } = subject
    const suffix = `${firstAt.toString(16)}${(this.#sequence++).toString(16).padStart(4, '0')}`
    const { component } = this.#options
    return {
      metadata: { namespace: namespaceOf(subject), name: `${name.slice(0, 230).replace(/[-.]+$/, '')}.${suffix}` },
      involvedObject: {
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
      },
      type: note.type,
      reason: note.reason,
      message: note.message,
      count,
      firstTimestamp: formatTime(firstAt),
      lastTimestamp: formatTime(lastAt),
      source: { component, host: this.#instance },
      reportingComponent: component,
      reportingInstance: this.#instance,
    }
  }
}

function namespaceOf({ namespace }: ObjectRef): string {
  return namespace ?? 'default'
}
