import type { ConnectionLogger } from './connection/types.ts'

/** Functions to call; a throw of one is logged and keeps neither the others nor the caller from going on. */
export class Listeners<Args extends readonly unknown[]> {
  readonly #listeners = new Set<(...args: Args) => void>()
  readonly #logger: ConnectionLogger | undefined

  constructor(logger: ConnectionLogger | undefined) {
    this.#logger = logger
  }

  add(listener: (...args: Args) => void): Disposable {
    const own = (...args: Args): void => listener(...args)
    this.#listeners.add(own)
    return { [Symbol.dispose]: () => this.#listeners.delete(own) }
  }

  call(...args: Args): void {
    for (const listener of this.#listeners) {
      try {
        listener(...args)
      } catch (error) {
        this.#logger?.warn({ err: error }, 'a listener of the database threw')
      }
    }
  }
}
