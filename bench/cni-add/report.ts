import type { Times } from './block.ts'

export interface Summary {
  readonly runs: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export function summarize(ms: readonly number[]): Summary {
  const sorted = ms.toSorted((a, b) => a - b)
  const at = (part: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0, 1)
  return { runs: ms.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) }
}

const names: Readonly<Record<keyof Times, string>> = {
  add: 'ADD',
  fresh: 'ADD straight after creation',
  del: 'DEL',
  bridge: 'bridge ADD',
  bridgeDel: 'bridge DEL',
  ovn: 'OVN, port to ovn-installed',
}
const kinds = ['add', 'fresh', 'del', 'bridge', 'bridgeDel', 'ovn'] as const

export function summaries(times: Times): Record<string, Summary> {
  return Object.fromEntries(
    kinds.filter(kind => times[kind].length > 0).map(kind => [names[kind], summarize(times[kind])]),
  )
}

export interface Verdict {
  readonly atOnce: number
  readonly add: number
  readonly bridgeAndOvn: number
  /** Of the medians; target 1.3. */
  readonly ratio: number
  /** Of the ADDs; target 4. */
  readonly p99ToP50: number
}

/** Against the target: ADD p50 <= 1.3 x (bridge p50 + OVN p50), p99 <= 4 x p50. */
export function verdict(atOnce: number, times: Times): Verdict {
  const [add, bridge, ovn] = [summarize(times.add), summarize(times.bridge), summarize(times.ovn)]
  const bridgeAndOvn = round(bridge.p50 + ovn.p50, 1)
  return {
    atOnce,
    add: add.p50,
    bridgeAndOvn,
    ratio: round(add.p50 / bridgeAndOvn, 2),
    p99ToP50: round(add.p99 / add.p50, 1),
  }
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
