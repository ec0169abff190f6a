/**
 * Waits for a condition, for tests: asks every few milliseconds, since what is waited for lives in other processes. A
 * condition that throws counts as "not yet"; its last error is the cause of the one that is thrown in the end.
 * @param what completes "waited in vain for ..."
 * @param milliseconds generous by default: how long things take is no test's business
 * @returns the first value that is neither false nor undefined
 */
export async function waitUntil<T>(
  what: string,
  condition: () => T | Promise<T>,
  milliseconds = 60_000,
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + milliseconds
  let cause: unknown
  for (let pause = 1; ; pause = Math.min(pause * 2, 25)) {
    try {
      const value = await condition()
      if (isThere(value)) return value
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline) throw new Error(`waited ${milliseconds} ms in vain for ${what}`, { cause })
    await new Promise(resolve => setTimeout(resolve, pause))
  }
}

function isThere<T>(value: T): value is Exclude<T, false | undefined> {
  return value !== undefined && value !== false
}
