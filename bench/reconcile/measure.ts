import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface Sample {
  readonly cpu: number
  readonly wall: number
}

/** One line of the result. */
export interface Figure {
  readonly what: string
  readonly unit: string
  readonly median: number
  readonly least: number
  readonly most: number
}

export function figure(what: string, unit: string, values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number) => Number((sorted[index] ?? 0).toPrecision(3))
  return { what, unit, median: at(sorted.length >> 1), least: at(0), most: at(sorted.length - 1) }
}

export function formatFigure({ what, unit, median, least, most }: Figure): string {
  const value = least === most ? String(median) : `${median} (${least} .. ${most})`
  return `${what.padEnd(66)} ${value} ${unit}`
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

/** Bytes of the heap after full collections. */
export async function heap(): Promise<number> {
  setFlagsFromString('--expose-gc')
  for (let turn = 0; turn < 5; turn++) {
    // What a function that is about to return still refers to is free only in a later turn.
    await new Promise(setImmediate)
    runInNewContext('gc()')
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
