/**
 * What a CNI ADD costs on a node with 250 pods, the plugin's process included, one at a time and ten at once, against the
 * same run's reference: the plugin `bridge` plus OVN's own time from a port to `ovn-installed`.
 *
 * node bench/cni-add/main.ts [--pods 250] [--blocks 8] [--tunnel vxlan] [--json FILE]
 *
 * Real API server, OVN and Open vSwitch in a light lab; controller, agent and plugin as they ship (make build). Blocks of
 * ten sandboxes by each side take turns, so that all sides see the same machine.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Lab, withLab } from '@ovnkit/lab'
import { type Summary, summarize } from '../summary.ts'
import { attach, type Bench, measureBlock, measureFresh, noTimes, type Times } from './block.ts'
import { BenchNode } from './node.ts'
import { OvnTime } from './ovn-time.ts'
import { ourPlugin, referencePlugin } from './plugins.ts'
import { Pods } from './pods.ts'
import { round, summaries, type Verdict, verdict } from './report.ts'
import { CpuMeter, residentMiB } from './usage.ts'

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'cni-add' },
    pods: { type: 'string', default: '250' },
    blocks: { type: 'string', default: '8' },
    tunnel: { type: 'string', default: 'vxlan' },
    json: { type: 'string' },
  },
})
const blockSize = 10
const concurrencies = [1, 10]
const fillStep = 25

interface Results {
  growth: Record<string, unknown>[]
  times: Record<string, Record<string, Summary>>
  verdicts: Verdict[]
  cpu: Record<string, Record<string, number>>
  memory: { agentIdleMiB: number; agentMiB: number; pods: number }
}

async function main(lab: Lab): Promise<Results> {
  using node = await BenchNode.of(lab)
  const pids = {
    agent: node.pid('agent'),
    'ovn-controller': node.pid('ovn-controller'),
    'ovs-vswitchd': node.pid('ovs-vswitchd'),
  }
  const agentIdleMiB = residentMiB(pids.agent)
  using pods = await Pods.open(await lab.client(), node.name)
  await using ovn = await OvnTime.open(node, blockSize)
  const netns = { ours: await node.makeNetns('own', blockSize), reference: await node.makeNetns('ref', blockSize) }
  const cpu = new CpuMeter(pids)
  const bench: Bench = { node, pods, ovn, cpu, netns, ours: ourPlugin(node), reference: referencePlugin(node) }
  // Neither side's first start is measured.
  await measureBlock(bench, 2, 1, 0)

  const growth = await fill(bench, Number(values.pods))
  console.table(growth)
  const results: Results = { growth, times: {}, verdicts: [], cpu: {}, memory: { agentIdleMiB, agentMiB: 0, pods: 0 } }
  for (const atOnce of concurrencies) {
    const meter = new CpuMeter(pids)
    const times = await measure({ ...bench, cpu: meter }, atOnce)
    results.times[`${atOnce} at once`] = summaries(times)
    results.verdicts.push(verdict(atOnce, times))
    results.cpu[`${atOnce} at once`] = meter.each()
    console.log(`${atOnce} at once, milliseconds`)
    console.table(summaries(times))
  }
  console.log('Target: ratio <= 1.3, p99 <= 4 x p50')
  console.table(results.verdicts)
  console.log('CPU for one ADD, milliseconds')
  console.table(results.cpu)
  results.memory = { agentIdleMiB, agentMiB: residentMiB(pids.agent), pods: Number(values.pods) }
  console.table([results.memory])
  return results
}

/** Fills the node one pod after another: does an ADD cost more with every pod that is there? */
async function fill(bench: Bench, count: number): Promise<Record<string, unknown>[]> {
  const { node, pods } = bench
  const netns = await node.makeNetns('pod', count)
  const rows: Record<string, unknown>[] = []
  for (let i = 0; i < count; i += fillStep) {
    const step = await pods.createMany(Math.min(fillStep, count - i))
    await pods.annotated(step)
    await node.settle()
    const meter = new CpuMeter({ agent: node.pid('agent'), 'ovn-controller': node.pid('ovn-controller') })
    const times: number[] = []
    await meter.during(step.length, async () => {
      for (const each of attach(step, netns.slice(i))) times.push(...(await bench.ours('ADD', [each])))
    })
    const { p50, p99 } = summarize(times)
    rows.push({ pods: `${i + 1}-${i + step.length}`, p50, p99, ...cpuColumns(meter) })
  }
  return rows
}

const cpuColumns = (meter: CpuMeter) =>
  Object.fromEntries(Object.entries(meter.each()).map(([name, ms]) => [`${name} CPU`, round(ms, 1)]))

async function measure(bench: Bench, atOnce: number): Promise<Times> {
  const all = noTimes()
  for (let turn = 0; turn < Number(values.blocks); turn++) {
    const block = await measureBlock(bench, blockSize, atOnce, turn)
    for (const kind of ['add', 'del', 'bridge', 'bridgeDel', 'ovn'] as const) all[kind].push(...block[kind])
    all.fresh.push(...(await measureFresh(bench, blockSize, atOnce)))
  }
  return all
}

const options = {
  name: values.name,
  nodes: 1,
  mode: 'light',
  product: 'bundle',
  tunnel: values.tunnel === 'geneve' ? 'geneve' : 'vxlan',
} as const
const results = await withLab(options, main)
if (values.json) writeFileSync(values.json, JSON.stringify(results, undefined, 2))
