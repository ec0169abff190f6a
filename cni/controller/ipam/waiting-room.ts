/** What a pod without an address waits for. */
export type Need =
  | { readonly kind: 'subnets' }
  | { readonly kind: 'network'; readonly key: string }
  | { readonly kind: 'address'; readonly key: string }

const bucketOf = (need: Need) => (need.kind === 'subnets' ? 'subnets' : `${need.kind} ${need.key}`)

/** Pods that wait, first come first served, found by what they wait for. */
export class WaitingRoom {
  readonly #needs = new Map<string, readonly Need[]>()
  readonly #byNeed = new Map<string, Set<string>>()

  get size(): number {
    return this.#needs.size
  }

  /** `pod` waits for these things from now on; its place in a queue that it is in already is kept. */
  put(pod: string, needs: readonly Need[]): void {
    const wanted = new Set(needs.map(bucketOf))
    for (const old of this.#needs.get(pod) ?? []) if (!wanted.has(bucketOf(old))) this.#leave(bucketOf(old), pod)
    this.#needs.set(pod, needs)
    for (const bucket of wanted) {
      const queue = this.#byNeed.get(bucket)
      if (queue === undefined) this.#byNeed.set(bucket, new Set([pod]))
      else queue.add(pod)
    }
  }

  remove(pod: string): void {
    for (const need of this.#needs.get(pod) ?? []) this.#leave(bucketOf(need), pod)
    this.#needs.delete(pod)
  }

  /** The pods that wait for this, in the order of their coming; all of them without `need`. A copy: callers may change the room meanwhile. */
  queue(need?: Need): string[] {
    return [...(need === undefined ? this.#needs.keys() : (this.#byNeed.get(bucketOf(need)) ?? []))]
  }

  #leave(bucket: string, pod: string): void {
    const queue = this.#byNeed.get(bucket)
    queue?.delete(pod)
    if (queue?.size === 0) this.#byNeed.delete(bucket)
  }
}
