/**
 * Waits until `condition` gives something true and returns it. Rejects with `what` and the last error after `milliseconds`.
 * For tests: asks every few ms since what is waited for lives in other processes.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  milliseconds = 20_000,
): Promise<Exclude<T, undefined | false | null | 0 | ''>> {
  const deadline = performance.now() + milliseconds
  let lastError: unknown
  for (let pause = 1; performance.now() < deadline; pause = Math.min(pause * 2, 20)) {
    try {
      const value = await condition()
      if (value) return value as Exclude<T, undefined | false | null | 0 | ''>
    } catch (error) {
      lastError = error
    }
    await new Promise(resolve => setTimeout(resolve, pause))
  }
  throw new Error(`waited ${milliseconds} ms in vain: ${what}`, { cause: lastError })
}
