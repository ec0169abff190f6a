import { expect, it } from 'vitest'
import { type CountedFlow, PolicyHits, type Rules } from './hits.ts'

const flow = (key: string, cookie: number, packets: number, ageSeconds = 1): CountedFlow => ({
  ...{ key, cookie, packets, ageSeconds },
  bytes: packets * 100,
})

const rules: Rules = new Map([
  [1, { policies: ['NetworkPolicy/a/x'], direction: 'ingress', verdict: 'allow' }],
  [2, { policies: ['NetworkPolicy/a/x', 'NetworkPolicy/a/y'], direction: 'ingress', verdict: 'deny' }],
  [3, undefined],
])

const counted = (hits: PolicyHits, flows: readonly CountedFlow[], known = rules, uptime = 60) =>
  hits.take(flows, known, uptime).map(({ policy, verdict, packets }) => `${policy} ${verdict} ${packets}`)

it('counts what came since the last look, all flows of a policy together', () => {
  const hits = new PolicyHits()
  expect(counted(hits, [flow('f1', 1, 3), flow('f2', 1, 4), flow('f3', 3, 9)])).toEqual(['NetworkPolicy/a/x allow 7'])
  expect(counted(hits, [flow('f1', 1, 5), flow('f2', 1, 4)])).toEqual(['NetworkPolicy/a/x allow 2'])
})

it('counts a rule that policies share for each of them', () => {
  expect(counted(new PolicyHits(), [flow('f', 2, 3)])).toEqual(['NetworkPolicy/a/x deny 3', 'NetworkPolicy/a/y deny 3'])
})

it('never goes back when flows go and are made anew', () => {
  const hits = new PolicyHits()
  counted(hits, [flow('f1', 1, 10), flow('f2', 1, 5)])
  expect(counted(hits, [flow('f1', 1, 11)])).toEqual(['NetworkPolicy/a/x allow 1'])
  expect(counted(hits, [flow('f1', 1, 2), flow('f2', 1, 1)])).toEqual(['NetworkPolicy/a/x allow 3'])
})

it('goes on with a flow that another rule has taken over, which keeps its counts', () => {
  const hits = new PolicyHits()
  counted(hits, [flow('f', 1, 10)])
  expect(counted(hits, [flow('f', 2, 12)])).toEqual(['NetworkPolicy/a/x deny 2', 'NetworkPolicy/a/y deny 2'])
})

it('leaves out what flows had counted before we began, and nothing that they count then', () => {
  const hits = new PolicyHits()
  expect(counted(hits, [flow('old', 1, 10, 100), flow('new', 1, 4, 50)])).toEqual(['NetworkPolicy/a/x allow 4'])
  expect(counted(hits, [flow('old', 1, 11, 130), flow('silent', 1, 2, 130)])).toEqual(['NetworkPolicy/a/x allow 3'])
})

it('counts what nobody knew yet as soon as it is known, once', () => {
  const hits = new PolicyHits()
  const nothing: Rules = new Map()
  expect(counted(hits, [flow('old', 1, 10, 100), flow('new', 1, 4)], nothing)).toEqual([])
  expect(counted(hits, [flow('old', 1, 12, 130), flow('new', 1, 5)], nothing)).toEqual([])
  expect(counted(hits, [flow('old', 1, 13, 160), flow('new', 1, 5)])).toEqual(['NetworkPolicy/a/x allow 8'])
})
