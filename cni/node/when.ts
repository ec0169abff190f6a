/** Something that tells of its changes: a store, whatever is in it. */
interface Followed {
  subscribe(listener: () => void): Disposable
}

/**
 * Resolves with what `look` finds, at once or after a change of one of `followed`.
 * @param late makes the error that it rejects with when the signal aborts first
 */
export async function whenFound<T>(
  look: () => T | undefined,
  { followed, signal, late }: { followed: readonly Followed[]; signal: AbortSignal; late: () => Error },
): Promise<T> {
  const known = look()
  if (known !== undefined) return known
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  using subscriptions = new DisposableStack()
  const again = () => {
    const found = look()
    if (found !== undefined) resolve(found)
  }
  for (const one of followed) subscriptions.use(one.subscribe(again))
  const onAbort = () => reject(late())
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
