import { sleep } from './sleep.ts'

/**
 * Who waits for a server that cannot be reached, of one process. Each has its own backoff; the first that finds the server there tells the others, so that after an
 * outage everybody is back as soon as the luckiest.
 */
export class Comeback {
  readonly #waiting = new Set<AbortController>()

  /** Waits `ms`, or until somebody reached the server, or until the signal aborts (it never rejects). */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    this.#waiting.add(woken)
    await sleep(ms, AbortSignal.any([signal, woken.signal]))
    this.#waiting.delete(woken)
  }

  /** The server answers. */
  reached(): void {
    for (const one of this.#waiting) one.abort()
  }
}
