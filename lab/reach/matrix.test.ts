import { describe, expect, it } from 'vitest'
import { type Cell, formatMatrix, summary } from './matrix.ts'
import type { Speaker } from './pods.ts'

const pod = (name: string, node: string, ...addresses: string[]): Speaker => ({
  name,
  namespace: 'default',
  node,
  addresses,
  hostNetwork: false,
})
const [a, b] = [pod('a', 'n1', '10.0.0.1'), pod('b', 'n2', '10.0.0.2', 'fd00::2')]

const cells: Cell[] = [
  { from: a, to: a, address: '10.0.0.1', time: 1 },
  { from: a, to: b, address: '10.0.0.2', time: undefined },
  { from: b, to: a, address: '10.0.0.1', time: 3 },
  { from: b, to: b, address: '10.0.0.2', time: 0.5 },
  { from: b, to: b, address: 'fd00::2', time: 12.34 },
]

describe('formatMatrix', () => {
  it('shows a row for each pod, a column for each address, failures and ways that do not exist', () => {
    expect(formatMatrix(cells)).toBe(`   1 a (n1) 10.0.0.1
   2 b (n2) 10.0.0.2
   3 b (n2) fd00::2

             1     2     3   ms
  a (n1)   1.0  FAIL     -
  b (n2)   3.0   0.5  12.3

4 of 5 reachable, median 3.0 ms, slowest 12.3 ms
`)
  })

  it('counts in the last line', () => {
    expect(summary(cells)).toBe('4 of 5 reachable, median 3.0 ms, slowest 12.3 ms')
  })
})
