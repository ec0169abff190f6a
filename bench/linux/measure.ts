/** Order statistics of durations in microseconds. */
export interface Spread {
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

export function spreadOf(microseconds: readonly number[]): Spread {
  const sorted = microseconds.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}

/** How long `work` takes, in microseconds. */
export async function durationOf(work: () => void | Promise<void>): Promise<number> {
  const start = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - start) / 1000
}

/** Collects what `measure` returns in `rounds` rounds, one after the other, after some to warm up. */
export async function repeated(
  rounds: number,
  measure: (round: number) => Promise<number>,
  warmUp = Math.ceil(rounds / 10),
): Promise<number[]> {
  const durations: number[] = []
  for (let round = 0; round < warmUp + rounds; round++) {
    const duration = await measure(round)
    if (round >= warmUp) durations.push(duration)
  }
  return durations
}

/** The durations of `work` as a whole. */
export const timed = (
  rounds: number,
  work: (round: number) => void | Promise<void>,
  warmUp?: number,
): Promise<number[]> => repeated(rounds, round => durationOf(() => work(round)), warmUp)

/** One line of the report: `name   p50 12.3 us   p90 ...`. */
export function report(name: string, microseconds: readonly number[]): void {
  const { p50, p90, p99 } = spreadOf(microseconds)
  const text = (value: number) =>
    (value >= 10_000 ? `${(value / 1000).toFixed(1)} ms` : `${value.toFixed(1)} us`).padStart(10)
  console.log(`${name.padEnd(64)} p50${text(p50)}  p90${text(p90)}  p99${text(p99)}`)
}
