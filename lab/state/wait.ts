import { setTimeout as delay } from 'node:timers/promises'

export interface WaitOptions {
  /** What is awaited, for the message: "the API server's /readyz". */
  readonly what: string
  /** Milliseconds until it is an error. */
  readonly within: number
  /** Milliseconds between two looks. */
  readonly every?: number
  /** Ends the wait at once with the returned text as the error: a process that died will not become ready. */
  readonly hopeless?: () => string | undefined
  readonly signal?: AbortSignal
}

/** How much longer than usual this machine takes: factor for every time-out of the lab. */
export const patience = Number(process.env.OVNKIT_LAB_PATIENCE ?? 1)

/**
 * Waits until `look` gives something other than undefined or false, and returns it.
 * A look that throws counts as "not yet"; its last error ends up in the message of the time-out.
 */
export async function waitFor<T>(
  look: () => Promise<T> | T,
  options: WaitOptions,
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + options.within * patience
  let last = ''
  for (;;) {
    try {
      const found = await look()
      if (isFound(found)) return found
    } catch (error) {
      last = ` (last: ${error instanceof Error ? error.message : String(error)})`
    }
    options.signal?.throwIfAborted()
    const why = options.hopeless?.()
    if (why !== undefined) throw new Error(`waited for ${options.what}: ${why}`)
    if (performance.now() > deadline)
      throw new Error(`${options.what} did not come within ${(options.within * patience) / 1000} s${last}`)
    await delay(options.every ?? 20)
  }
}

function isFound<T>(found: T): found is Exclude<T, false | undefined> {
  return found !== undefined && found !== false
}
