import { describe, expect, it } from 'vitest'
import type { Probe } from './probe.ts'
import { faultsOf, type Watched } from './transition.ts'

const probe: Probe = {
  id: 1,
  from: 'w/a',
  to: 'x/b',
  expected: true,
  verdict: { allowed: true, because: '' },
  connection: { from: { pod: 'w/a' }, to: { pod: 'x/b' }, protocol: 'TCP', port: 7080, family: 4 },
  protocol: 'TCP',
  address: '10.244.0.9',
  port: 7080,
  service: false,
  source: undefined,
}
const watched = (over: Partial<Watched>): Watched => ({
  probe,
  course: 'stays open',
  node: 'n1',
  attempts: 40,
  lost: 0,
  repeated: { before: 0, after: 0 },
  leaked: 0,
  turnedAfter: undefined,
  ...over,
})

describe('a fault', () => {
  it('is an answer that never came, or one that never ought to have', () => {
    expect(faultsOf([watched({})])).toEqual([])
    expect(faultsOf([watched({ lost: 1 })])).toHaveLength(1)
    expect(faultsOf([watched({ course: 'stays shut', leaked: 1 })])).toHaveLength(1)
  })

  it('is a repetition where there were none before the write', () => {
    const after = watched({ repeated: { before: 0, after: 1 } })
    expect(faultsOf([after])).toEqual([after])
    expect(faultsOf([after, watched({ repeated: { before: 1, after: 0 } })])).toEqual([])
  })

  it('is a connection that does not open; one that shuts late is none', () => {
    expect(faultsOf([watched({ course: 'opens' })])).toHaveLength(1)
    expect(faultsOf([watched({ course: 'opens', turnedAfter: 40 })])).toEqual([])
    expect(faultsOf([watched({ course: 'shuts', turnedAfter: 900 })])).toEqual([])
  })
})
