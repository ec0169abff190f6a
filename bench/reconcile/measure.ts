export interface Sample {
  readonly cpu: number
  readonly wall: number
}

/** Milliseconds of CPU (this process, all threads) and of wall time. */
export async function measure(work: () => void | Promise<void>): Promise<Sample> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const wall = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  return { cpu: (user + system) / 1000, wall }
}

/** `median (least .. most)` of some numbers. */
export function spread(values: readonly number[], digits = 2): string {
  const sorted = values.toSorted((a, b) => a - b)
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)]
  const median = sorted[sorted.length >> 1] ?? 0
  return `${median.toFixed(digits)} (${least.toFixed(digits)} .. ${most.toFixed(digits)})`
}

/** Bytes of the heap after a full collection. Needs `node --expose-gc`. */
export async function heap(): Promise<number> {
  const { gc } = globalThis
  if (!gc) throw new Error('run with node --expose-gc: without a collection the heap says nothing')
  for (let turn = 0; turn < 5; turn++) {
    // What a function that is about to return still refers to is free only in a later turn.
    await new Promise(setImmediate)
    gc()
  }
  return process.memoryUsage().heapUsed
}

/** Milliseconds of CPU of the longest `setImmediate` turn while `work` runs: the engine does all its work in them. */
export async function longestTurn(work: () => Promise<void>): Promise<number> {
  const original = globalThis.setImmediate
  let longest = 0
  const timed = (callback: () => void) =>
    original(() => {
      const before = process.threadCpuUsage()
      callback()
      const { user, system } = process.threadCpuUsage(before)
      longest = Math.max(longest, (user + system) / 1000)
    })
  globalThis.setImmediate = Object.assign(timed, original)
  try {
    await work()
  } finally {
    globalThis.setImmediate = original
  }
  return longest
}
