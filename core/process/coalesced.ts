/**
 * Work that never runs twice at once: asked for while it runs, it runs once more afterwards, however often it was asked.
 *
 * @param failed hears why a run rejected; what was asked meanwhile is done all the same
 * @returns asks for a run; the first one begins at once
 */
export function coalesced(work: () => Promise<unknown>, failed: (error: unknown) => void): () => void {
  let asked = false
  let running = false
  const run = async () => {
    running = true
    while (asked) {
      asked = false
      await work().catch(failed)
    }
    running = false
  }
  return () => {
    asked = true
    if (!running) void run()
  }
}
