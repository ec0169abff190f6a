/** A sleep that others can end. A wake that comes while nobody sleeps ends the next sleep at once. */
export class Wakeup {
  #pending = false
  #resolve: (() => void) | undefined

  wake(): void {
    if (this.#resolve === undefined) this.#pending = true
    else this.#resolve()
  }

  /** Until woken, or `ms` are over (Infinity: only until woken). */
  within(ms: number): Promise<void> {
    if (this.#pending) {
      this.#pending = false
      return Promise.resolve()
    }
    return new Promise(resolve => {
      const timer = ms === Infinity ? undefined : setTimeout(() => this.#resolve?.(), ms)
      this.#resolve = () => {
        clearTimeout(timer)
        this.#resolve = undefined
        resolve()
      }
    })
  }
}
