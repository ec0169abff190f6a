import { expect, it } from 'vitest'
import { equals } from '../match/match.ts'
import { rateLimit } from './qos.ts'

const limit = (rate: bigint) =>
  rateLimit({
    key: 'k',
    on: { table: 'Logical_Switch', key: 's', column: 'qos_rules' },
    direction: 'from-lport',
    priority: 1,
    match: equals('inport', 'ns_pod-1'),
    rate,
  })?.columns

it('counts in kilobits, with a burst that TCP and large segments need', () => {
  expect(limit(10_000_000n)).toEqual({
    direction: 'from-lport',
    priority: 1,
    match: 'inport == "ns_pod-1"',
    bandwidth: { rate: 10_000, burst: 4000 },
  })
  expect(limit(1000n)?.bandwidth).toEqual({ rate: 1, burst: 1000 })
})

it('stays within what a meter can count: above that there is no limit', () => {
  expect(limit(4_294_967_295_000n)?.bandwidth).toEqual({ rate: 4_294_967_295, burst: 1_717_986_918 })
  expect(limit(10n ** 15n)).toBeUndefined()
})
