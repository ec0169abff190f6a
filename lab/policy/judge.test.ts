import { expect, describe as group, it } from 'vitest'
import { describe, wrongIn } from './judge.ts'
import type { Probe } from './probe.ts'

const probe = (allowed: Probe['expected'], over: Partial<Probe> = {}): Probe => ({
  id: 1,
  from: 'w/a',
  to: 'x/b',
  expected: allowed,
  verdict: { allowed, because: 'it is so' },
  connection: { from: { pod: 'w/a' }, to: { pod: 'x/b' }, protocol: 'TCP', port: 7080, family: 4 },
  protocol: 'TCP',
  address: '10.244.0.9',
  port: 7080,
  service: false,
  source: '10.244.0.5',
  ...over,
})
const answer = { id: 1, outcome: 'answer', by: 'x/b', seen: '10.244.0.5', ms: 1 }

group('an answer', () => {
  it('is right when it is promised, from whom it ought to come, to whom asked', () => {
    expect(wrongIn(probe(true), answer)).toBeUndefined()
    expect(wrongIn(probe(true), { ...answer, by: 'x/c' })).toBe('answered by x/c')
    expect(wrongIn(probe(true), { ...answer, seen: '100.64.0.2' })).toBe('seen from 100.64.0.2')
    expect(wrongIn(probe(true, { source: undefined }), { ...answer, seen: '100.64.0.2' })).toBeUndefined()
  })

  it('is wrong where silence is promised, and so is a refusal', () => {
    expect(wrongIn(probe(false), answer)).toBe('answered')
    expect(wrongIn(probe(false), { ...answer, outcome: 'ECONNREFUSED' })).toBe('ECONNREFUSED')
    expect(wrongIn(probe(false), undefined)).toBeUndefined()
  })

  it('that does not come is wrong where one is promised', () => {
    expect(wrongIn(probe(true), undefined)).toBe('no answer')
  })

  it('does not matter where the documents leave it open', () => {
    expect(wrongIn(probe('unspecified'), answer)).toBeUndefined()
    expect(wrongIn(probe('unspecified'), undefined)).toBeUndefined()
  })
})

group('a disagreement', () => {
  it('tells who asked whom for what, what came and what was expected', () => {
    expect(describe(probe(false), 'answered')).toBe(
      'w/a -> x/b (10.244.0.9) TCP 7080: answered; expected silence: it is so',
    )
  })
})
