import { expect, it } from 'vitest'
import { percentile, table } from './table.ts'

it('medians over the rounds with their spread, against the first path', () => {
  const sample = (path: string, mbits: number, latency: number) => ({
    path,
    mbits,
    latencies: [latency, latency, latency],
  })
  const text = table([
    sample('plain', 900, 10),
    sample('plain', 1000, 20),
    sample('plain', 1100, 30),
    sample('pod', 500, 40),
  ])
  expect(text.split('\n').slice(2)).toEqual([
    '| plain | 1000 (900 to 1100) | 1.00 x | 20 (10 to 30) | 1.00 x | 20 (10 to 30) |',
    '| pod | 500 (500 to 500) | 0.50 x | 40 (40 to 40) | 2.00 x | 40 (40 to 40) |',
  ])
})

it('percentiles by nearest rank', () => {
  expect([percentile([], 0.5), percentile([3, 1, 2], 0.5), percentile([3, 1, 2], 0.99)]).toEqual([0, 2, 3])
})
