/** Milliseconds of several runs, in the figures that the benchmarks report. */
export interface Summary {
  readonly runs: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** Percentiles by nearest rank, to a tenth of a millisecond; 0 where there were no runs. */
export function summarize(ms: readonly number[]): Summary {
  const sorted = ms.toSorted((a, b) => a - b)
  const at = (part: number) =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 10) / 10
  return { runs: ms.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) }
}
