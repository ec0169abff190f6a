/** One round on one path. */
export interface Sample {
  readonly path: string
  /** Microseconds. */
  readonly latencies: readonly number[]
  /** Megabits per second. */
  readonly mbits: number
}

/** Rows of Markdown: for each path the medians over the rounds, and the smallest and largest; factors are against the first path. */
export function table(samples: readonly Sample[]): string {
  const rows = [...Map.groupBy(samples, ({ path }) => path)].map(([path, rounds]) => ({
    path,
    rate: spread(rounds.map(({ mbits }) => mbits)),
    p50: spread(rounds.map(({ latencies }) => percentile(latencies, 0.5))),
    p99: spread(rounds.map(({ latencies }) => percentile(latencies, 0.99))),
  }))
  const [plain] = rows
  const lines = rows.map(
    ({ path, rate, p50, p99 }) =>
      `| ${path} | ${format(rate)} | ${times(rate, plain?.rate)} | ${format(p50)} | ${times(p50, plain?.p50)} | ${format(p99)} |`,
  )
  return ['| path | Mbit/s | | round trip p50, us | | p99, us |', '|---|---|---|---|---|---|', ...lines].join('\n')
}

interface Spread {
  readonly least: number
  readonly median: number
  readonly most: number
}

/** By nearest rank; 0 of nothing. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

const spread = (values: readonly number[]): Spread => ({
  least: Math.min(...values),
  median: percentile(values, 0.5),
  most: Math.max(...values),
})
const format = ({ least, median, most }: Spread) =>
  `${Math.round(median)} (${Math.round(least)} to ${Math.round(most)})`
const times = (one: Spread, other: Spread | undefined) =>
  other === undefined || other.median === 0 ? '' : `${(one.median / other.median).toFixed(2)} x`
