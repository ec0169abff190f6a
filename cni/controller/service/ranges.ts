import { type Cidr, cidrContains } from '@ovnkit/inet'
import { type ReadableStore, Store, same } from '@ovnkit/reconcile'

/** A range, and what to call it in messages. */
export interface NamedRange {
  readonly name: string
  readonly range: Cidr
}

/** Key of the only entry of `ServiceRanges.store`. */
export const allServices = 'services'

/** All ranges from which Services get their addresses: `network.serviceCIDR` and every ServiceCIDR object. */
export class ServiceRanges implements Disposable {
  /** One entry, `allServices`: the ranges without those that lie in another one. */
  readonly store: Store<readonly Cidr[]> = new Store<readonly Cidr[]>({ name: 'service ranges', equals: same })
  readonly #configured: readonly Cidr[]
  readonly #objects: ReadableStore<readonly Cidr[]>
  readonly #subscription: Disposable

  constructor(configured: readonly Cidr[], objects: ReadableStore<readonly Cidr[]>) {
    this.#configured = configured
    this.#objects = objects
    this.#update()
    this.store.markSynced()
    this.#subscription = objects.subscribe(() => this.#update())
  }

  /** Each range with where it comes from. */
  named(): NamedRange[] {
    const configured = this.#configured.map(range => ({ name: 'network.serviceCIDR', range }))
    const objects = [...this.#objects.keys()]
      .sort()
      .flatMap(name => (this.#objects.get(name) ?? []).map(range => ({ name: `ServiceCIDR ${name}`, range })))
    return [...configured, ...objects]
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]()
  }

  #update(): void {
    const ranges = this.named().map(({ range }) => range)
    const widest = ranges.filter(
      (range, i) =>
        !ranges.some((other, j) => i !== j && cidrContains(other, range) && (other.text !== range.text || j < i)),
    )
    this.store.set(allServices, widest)
  }
}
