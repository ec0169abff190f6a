import type { Netlink } from '@ovnkit/linux'

interface Waiting {
  readonly name: string
  resolve(): void
  reject(error: unknown): void
}

/**
 * Removes interfaces. The kernel waits out a grace period of some 20 ms for every removal, but only once for all of a
 * group: what is asked for while one is under way goes together.
 */
export class LinkReaper {
  readonly #netlink: Netlink
  #waiting: Waiting[] = []
  #busy = false

  constructor(netlink: Netlink) {
    this.#netlink = netlink
  }

  /** Resolves when the interface is gone; one that is not there is gone. */
  remove(name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ name, resolve, reject })
      if (!this.#busy) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#busy = true
    // What else is asked for in this turn of the event loop comes along.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        await this.#netlink.deleteLinks(group.map(({ name }) => name))
        for (const { resolve } of group) resolve()
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    this.#busy = false
  }
}
