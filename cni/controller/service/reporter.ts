import type { ServiceFacts, SliceFacts } from '@ovnkit/cni-service'
import { type EventRecorder, resources } from '@ovnkit/kube'
import type { ReadableStore, Store } from '@ovnkit/reconcile'
import type { ChassisFacts } from '../ovn/chassis.ts'
import { type NoteContext, notesOf } from './notes.ts'

export interface ServiceReporterOptions {
  readonly services: Store<ServiceFacts>
  readonly slices: Store<SliceFacts, 'service'>
  readonly context: NoteContext
  readonly events: Pick<EventRecorder, 'event'>
  /** Stores whose changes may concern every Service; they change rarely. */
  readonly further: readonly ReadableStore<unknown>[]
}

/** The nodes whose chassis forward in user space, sorted. */
export function userspaceNodes(
  chassis: ReadableStore<Pick<ChassisFacts, 'userspace'>>,
  nodes: ReadableStore<unknown, 'chassis'>,
): string[] {
  return [...chassis.keys()]
    .filter(name => chassis.get(name)?.userspace === true)
    .flatMap(name => [...nodes.by('chassis', name)].map(([node]) => node))
    .sort()
}

/** Tells the owners of Services what they should know, once for as long as it stays the same. */
export class ServiceReporter implements Disposable {
  readonly #options: ServiceReporterOptions
  /** What was told of each Service. */
  readonly #told = new Map<string, ReadonlySet<string>>()
  readonly #resources = new DisposableStack()

  constructor(options: ServiceReporterOptions) {
    this.#options = options
    const { services, slices, further } = options
    this.#resources.use(services.subscribe(key => this.#look(key)))
    this.#resources.use(
      slices.subscribe((_, slice, old) => {
        if (old !== undefined && old.service !== slice?.service) this.#look(old.service)
        if (slice !== undefined) this.#look(slice.service)
      }),
    )
    for (const store of further) this.#resources.use(store.subscribe(() => this.#lookAtAll()))
    this.#lookAtAll()
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
  }

  #lookAtAll(): void {
    for (const key of this.#options.services.keys()) this.#look(key)
  }

  #look(key: string): void {
    const { services, slices, context } = this.#options
    const service = services.get(key)
    const members = [...slices.by('service', key)].map(([, slice]) => slice)
    const notes = service === undefined ? [] : notesOf(service, members, context)
    const before = this.#told.get(key)
    for (const { reason, message } of notes) {
      if (service === undefined || before?.has(message)) continue
      const { namespace, name, uid } = service
      this.#options.events.event(
        { resource: resources.services, namespace, name, uid },
        { type: 'Warning', reason, message },
      )
    }
    if (notes.length > 0) this.#told.set(key, new Set(notes.map(({ message }) => message)))
    else if (before !== undefined) this.#told.delete(key)
  }
}
