/** A function that has `work` done at the end of this turn of the event loop, once however often it is called meanwhile. */
export function oncePerTurn(work: () => void): () => void {
  let scheduled = false
  return () => {
    if (scheduled) return
    scheduled = true
    queueMicrotask(() => {
      scheduled = false
      work()
    })
  }
}
