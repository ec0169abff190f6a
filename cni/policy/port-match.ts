import { between, equals, everything, type Match, oneOf, or, predicate } from '@ovnkit/ovn'
import type { Protocol } from './group.ts'
import type { PolicyRule } from './rule.ts'

const fields = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const

/** A destination port of a protocol. */
export const portIs = (protocol: Protocol, port: number): Match => equals(`${fields[protocol]}.dst`, port)

/** The numeric ports of a rule, one expression for each protocol; overlapping ranges are united. */
export function numericPorts(ports: PolicyRule['ports']): Match[] {
  if (ports === 'all') return [everything]
  const numeric = ports.flatMap(port => ('name' in port ? [] : [port]))
  const byProtocol = Map.groupBy(numeric, ({ protocol }) => protocol)
  return [...byProtocol].sort().map(([protocol, list]) => {
    if (list.some(({ port }) => port === undefined)) return predicate(fields[protocol])
    return inRanges(
      protocol,
      list.map(({ port = 0, endPort = port }): Range => [port, endPort]),
    )
  })
}

type Range = readonly [low: number, high: number]

function inRanges(protocol: Protocol, ranges: readonly Range[]): Match {
  const field = `${fields[protocol]}.dst` as const
  const united = unite(ranges)
  const single = united.flatMap(([low, high]) => (low === high ? [low] : []))
  const wide = united.filter(([low, high]) => low < high).map(([low, high]) => between(field, low, high))
  return or(...(single.length === 0 ? [] : [oneOf(field, single)]), ...wide)
}

/** Ascending, and neither overlapping nor adjacent. */
function unite(ranges: readonly Range[]): Range[] {
  const result: Range[] = []
  for (const [low, high] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = result.at(-1)
    if (last !== undefined && low <= last[1] + 1) result[result.length - 1] = [last[0], Math.max(last[1], high)]
    else result.push([low, high])
  }
  return result
}
