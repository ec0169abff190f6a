import type { ReadableStore, Store } from '@ovnkit/reconcile'

/** Keeps in `into` a part of another store's values; those without the part are not in it. Complete when the other one is. */
export function derive<From, To>(from: Store<From>, into: Store<To>, part: (value: From) => To | undefined): void {
  from.subscribe((key, value) => {
    const derived = value && part(value)
    if (derived === undefined) into.delete(key)
    else into.set(key, derived)
  })
  completeWith([from], into)
}

/** `into` is complete when all of these are; at once where there are none. */
export function completeWith(sources: readonly ReadableStore<unknown>[], into: { markSynced(): void }): Disposable {
  const stop = new DisposableStack()
  let missing = sources.length
  if (missing === 0) into.markSynced()
  for (const source of sources) {
    stop.use(
      source.onSynced(() => {
        missing--
        if (missing === 0) into.markSynced()
      }),
    )
  }
  return stop
}
