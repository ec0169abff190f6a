import { neededLabel, type Selector } from '@ovnkit/cni-policy'
import type { Labels } from '@ovnkit/kube'

/** Things that select by labels, so that only those are looked at that may select an object: by one label that each of them needs. */
export class LabelIndex<T> {
  readonly #byLabel = new Map<string, Set<T>>()
  readonly #others = new Set<T>()

  add(selector: Selector, value: T): void {
    const label = neededLabel(selector)
    if (label === undefined) {
      this.#others.add(value)
      return
    }
    const known = this.#byLabel.get(label)
    if (known === undefined) this.#byLabel.set(label, new Set([value]))
    else known.add(value)
  }

  delete(selector: Selector, value: T): void {
    const label = neededLabel(selector)
    if (label === undefined) {
      this.#others.delete(value)
      return
    }
    const known = this.#byLabel.get(label)
    known?.delete(value)
    if (known?.size === 0) this.#byLabel.delete(label)
  }

  /** Those that may select an object with these labels; the others do not. */
  *candidates(labels: Labels): Generator<T> {
    yield* this.#others
    if (this.#byLabel.size === 0) return
    for (const key of Object.keys(labels)) yield* this.#byLabel.get(`${key}=${labels[key]}`) ?? []
  }
}
