/**
 * Waits for a condition, for tests: looks every `everyMs` until it holds.
 * @param what completes "gave up waiting for ..."
 * @returns the first value that is neither false nor undefined
 */
export async function waitUntil<T>(
  what: string,
  condition: () => T | Promise<T>,
  { timeoutMs = 30_000, everyMs = 10 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const value = await condition()
    if (isThere(value)) return value
    if (performance.now() > deadline) throw new Error(`gave up waiting for ${what} after ${timeoutMs} ms`)
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
}

function isThere<T>(value: T): value is Exclude<T, false | undefined> {
  return value !== undefined && value !== false
}
