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

/** Runs `work` `warmUp + rounds` times, one after the other, and keeps the durations of the last ones. */
export async function timed(
  rounds: number,
  work: (round: number) => void | Promise<void>,
  warmUp = Math.ceil(rounds / 10),
): Promise<number[]> {
  const durations: number[] = []
  for (let round = -warmUp; round < rounds; round++) {
    const start = process.hrtime.bigint()
    await work(round + warmUp)
    if (round >= 0) durations.push(Number(process.hrtime.bigint() - start) / 1000)
  }
  return durations
}

/** One line of the report: `name   p50 12.3 us   p90 ...`. */
export function report(name: string, microseconds: readonly number[]): void {
  const { p50, p90, p99 } = spreadOf(microseconds)
  const text = (value: number) =>
    (value >= 10_000 ? `${(value / 1000).toFixed(1)} ms` : `${value.toFixed(1)} us`).padStart(10)
  console.log(`${name.padEnd(64)} p50${text(p50)}  p90${text(p90)}  p99${text(p99)}`)
}
