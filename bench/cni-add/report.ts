import { type Summary, summarize } from '../summary.ts'
import type { Times } from './block.ts'

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
