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
  candidates(labels: Labels): T[] {
    const found = [...this.#others]
    if (this.#byLabel.size === 0) return found
    for (const label of labelTexts(labels)) {
      const own = this.#byLabel.get(label)
      if (own !== undefined) found.push(...own)
    }
    return found
  }
}

const texts = new WeakMap<Labels, readonly string[]>()

/** Each label as `neededLabel` spells it. An object's labels are asked for with every policy that may be about it. */
export function labelTexts(labels: Labels): readonly string[] {
  const known = texts.get(labels)
  if (known !== undefined) return known
  const made = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  texts.set(labels, made)
  return made
}
