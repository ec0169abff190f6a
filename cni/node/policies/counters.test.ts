import type { FlowStatistics } from '@ovnkit/ovs'
import { createMetrics } from '@ovnkit/process'
import { beforeEach, expect, it } from 'vitest'
import { PolicyCounters } from './counters.ts'
import type { Rule } from './hits.ts'
import { observePolicies } from './metrics.ts'

/** Table 44 is one of policies', table 70 is not. */
const flow = (table: number, cookie: number, packets: number, rest: Partial<FlowStatistics> = {}): FlowStatistics => ({
  ...{ table, cookie, packets, priority: 2001, ageSeconds: 0, bytes: packets * 60, clause: false },
  match: Buffer.from([table, cookie]),
  ...rest,
})

const rule = (policy: string): Rule => ({ policies: [policy], direction: 'ingress', verdict: 'allow' })

let flows: FlowStatistics[]
let known: Map<number, Rule | undefined>
let asked: (readonly number[])[]
let questions: number
let time: number
let failure: Error | undefined
let warnings: number
let counters: PolicyCounters

beforeEach(() => {
  flows = [flow(44, 1, 0), flow(44, 9, 50), flow(70, 20, 7)]
  known = new Map([
    [1, rule('NetworkPolicy/shop/db')],
    [9, undefined],
  ])
  asked = []
  questions = 0
  time = 0
  failure = undefined
  warnings = 0
  counters = new PolicyCounters({
    async readFlows(each, { tables }) {
      asked.push(tables)
      for (const one of flows) if (tables.length === 0 || tables.includes(one.table)) each(one)
    },
    async lookUp(cookies) {
      questions++
      if (failure !== undefined) throw failure
      time += 100
      return new Map([...known].filter(([cookie]) => cookies.has(cookie)))
    },
    now: () => time,
    logger: { warn: () => void warnings++ },
  })
})

it('asks the databases once, and then the bridge for the tables of policies only', async () => {
  await counters.take()
  flows[0] = flow(44, 1, 3)
  expect(await counters.take()).toMatchObject([{ policy: 'NetworkPolicy/shop/db', packets: 3, bytes: 180 }])
  flows[2] = flow(70, 21, 7)
  expect(await counters.take()).toMatchObject([{ packets: 0 }])
  expect(asked).toEqual([[], [44], [44]])
  expect(questions).toBe(1)
})

it('asks again when packets went through a flow that is not known, after a pause that grows with what an answer costs', async () => {
  await counters.take()
  flows.push(flow(44, 2, 5), flow(44, 3, 0))
  known.set(2, rule('NetworkPolicy/shop/web'))
  time += 29_000
  expect(await counters.take()).toEqual([])
  expect([questions, counters.unattributed]).toEqual([1, 1])
  time += 1000
  expect(await counters.take()).toMatchObject([{ policy: 'NetworkPolicy/shop/web', packets: 5 }])
  expect([questions, counters.unattributed]).toEqual([2, 0])
})

it('looks at the whole bridge again when its tables were moved', async () => {
  await counters.take()
  time += 60_000
  flows = [flow(46, 1, 2), flow(46, 8, 1)]
  known.set(8, undefined)
  await counters.take()
  expect(await counters.take()).toMatchObject([{ packets: 2 }])
  expect(asked).toEqual([[], [44], []])
})

it('does not count the conditions of conjunctions, nor flows without a cookie', async () => {
  flows = [flow(44, 9, 1), flow(44, 1, 4, { clause: true }), flow(44, 0, 4)]
  expect(await counters.take()).toEqual([])
  expect(counters.unattributed).toBe(0)
})

it('says once that the databases do not answer, and counts everything when they do', async () => {
  failure = new Error('no connection')
  flows[0] = flow(44, 1, 3)
  await counters.take()
  time += 5000
  await counters.take()
  expect(warnings).toBe(1)
  failure = undefined
  time += 5000
  expect(await counters.take()).toMatchObject([{ packets: 3 }])
})

const shown = async (metrics: ReturnType<typeof createMetrics>) =>
  (await metrics.render()).split('\n').filter(line => /^network_policy_packets_total\{/.test(line))

it('shows policies by name, and forgets those that have had no flow for an hour', async () => {
  const metrics = createMetrics()
  observePolicies(metrics, counters, () => time)
  flows[0] = flow(44, 1, 3)
  expect(await shown(metrics)).toEqual([
    'network_policy_packets_total{kind="NetworkPolicy",namespace="shop",policy="db",direction="ingress",verdict="allow"} 3',
  ])
  flows.shift()
  time += 3_000_000
  expect(await shown(metrics)).toHaveLength(1)
  time += 3_000_000
  expect(await shown(metrics)).toEqual([])
})

it('gathers what is beyond 2,000 series under one name', async () => {
  const metrics = createMetrics()
  observePolicies(metrics, counters, () => time)
  flows = Array.from({ length: 2100 }, (_, i) => flow(44, i + 1, 1, { match: Buffer.from(String(i)) }))
  known = new Map(flows.map(({ cookie }) => [cookie, rule(`ClusterNetworkPolicy/p${cookie}`)]))
  const lines = await shown(metrics)
  expect(lines).toHaveLength(2001)
  expect(lines.at(-1)).toBe(
    'network_policy_packets_total{kind="",namespace="",policy="others",direction="ingress",verdict="allow"} 100',
  )
})
