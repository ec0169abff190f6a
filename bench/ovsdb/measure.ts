import { execFileSync } from 'node:child_process'

/** What a whole process took, from exec to exit. */
export interface Run {
  readonly wallMs: number
  readonly cpuMs: number
  readonly peakMb: number
  readonly output: string
}

const runner = new URL('clients/run.py', import.meta.url).pathname

export function runProcess(command: readonly string[]): Run {
  const result = JSON.parse(execFileSync('/usr/bin/python3', [runner, ...command], { maxBuffer: 1 << 28 }).toString())
  if (result.status !== 0) throw new Error(`${command.join(' ')}: ended with status ${result.status}`)
  return result
}

/** `median (least .. most)` */
export function spread(values: readonly number[], digits = 0): string {
  const sorted = values.toSorted((a, b) => a - b)
  const show = (value = 0): string => value.toFixed(digits)
  return `${show(median(values))} (${show(sorted[0])} .. ${show(sorted.at(-1))})`
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0
}

/** A benchmark's result: what was asked, how it was measured, and one row per thing compared. */
export interface Report {
  readonly question: string
  readonly method: string
  readonly rows: readonly Readonly<Record<string, string | number>>[]
}

/** Prints a report as a table with aligned columns, then as JSON. */
export function print(report: Report): void {
  const columns = Object.keys(report.rows[0] ?? {})
  const text = (row: Readonly<Record<string, string | number>>, column: string): string => String(row[column] ?? '')
  const widths = columns.map(column => Math.max(column.length, ...report.rows.map(row => text(row, column).length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd()
  console.log(`${report.question}\n${report.method}\n`)
  console.log([line(columns), ...report.rows.map(row => line(columns.map(column => text(row, column))))].join('\n'))
  console.log(`\n${JSON.stringify(report)}\n`)
}
