/**
 * What policies cost: node bench/policies/main.ts [--policies 5000] [--namespaces 240] [--changes 20] [--no-flows]. Needs
 * dist/zstack-ovnkube-controller.mjs (make build-controller). See README.md.
 */
import { statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { cpuSeconds, machineCpuSeconds, peakMiB, residentMiB } from '../controller/process-usage.ts'
import { openStage } from '../controller/stage.ts'
import { summarize } from '../summary.ts'
import { NbGrowth } from './nb-growth.ts'
import { runNode, runNorthd } from './node-flows.ts'
import { namespaceOf, PolicyLoad } from './policy-load.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: { policies: text, namespaces: text, changes: text, 'no-flows': { type: 'boolean' } },
})
const total = Number(values.policies ?? 5000)
const namespaces = Number(values.namespaces ?? 240)
const changes = Number(values.changes ?? 20)
const say = (line: object) => console.log(JSON.stringify(line))
const seconds = (ms: number) => Math.round(ms / 10) / 100

// More ports than vxlan has keys for in one Subnet.
await using stage = await openStage({ tunnel: 'geneve' })
let controller = await stage.startController()
using nb = new NbGrowth(stage.nb.remote)
const load = new PolicyLoad(stage.api, namespaces)

/** What `work` costs the controller and the Northbound server, from its first write to the last change in NB. */
async function costed(phase: string, work: () => Promise<unknown>, complete?: () => boolean): Promise<void> {
  const [own, server, all] = [cpuSeconds(controller.pid), cpuSeconds(stage.nbPid), machineCpuSeconds()]
  const [began, changed] = [performance.now(), nb.changes]
  await work()
  const answered = performance.now()
  await nb.settled(complete)
  // Nothing at all changed.
  const last = nb.changes === changed ? undefined : nb.lastChange
  say({
    phase,
    apiSeconds: seconds(answered - began),
    seconds: last === undefined ? undefined : seconds(last - began),
    behindApiMs: last === undefined ? undefined : Math.round(last - answered),
    changedRows: nb.changes - changed,
    controllerCpu: Number((cpuSeconds(controller.pid) - own).toFixed(2)),
    nbCpu: Number((cpuSeconds(stage.nbPid) - server).toFixed(2)),
    machineCpu: Number((machineCpuSeconds() - all).toFixed(1)),
    MiB: residentMiB(controller.pid),
    peakMiB: peakMiB(controller.pid),
    rows: nb.counts(),
  })
}

/** Changes one at a time: milliseconds from the write to the last row, and how many rows. */
async function oneByOne(phase: string, work: (i: number) => Promise<unknown>): Promise<void> {
  const latencies: number[] = []
  const rows: number[] = []
  const cpu = cpuSeconds(controller.pid)
  for (let i = 0; i < changes; i++) {
    const [began, before] = [performance.now(), nb.changes]
    await work(i)
    await nb.settled(() => nb.changes > before, 1000)
    latencies.push(nb.lastChange - began)
    rows.push(nb.changes - before)
  }
  const each = Number(((cpuSeconds(controller.pid) - cpu) / changes).toFixed(3))
  say({ phase, writeToNbMs: summarize(latencies), changedRows: summarize(rows), controllerCpuEach: each })
}

await load.begin()
const pods = namespaces * 10
const ports = nb.count('Logical_Switch_Port')
await costed(
  `${pods} pods in ${namespaces} namespaces`,
  () => load.pods(),
  () => nb.count('Logical_Switch_Port') >= ports + pods,
)
// Every policy has a group of pods that no other one has.
const groups = nb.count('Port_Group')
const has = (policies: number) => () => nb.count('Port_Group') === groups + policies
for (const round of [1, 2, 3]) {
  const amount = Math.min(100, total)
  await costed(`${round}: ${amount} policies at once`, () => load.policies(0, amount), has(amount))
  await costed(`${round}: they go`, () => load.remove(0, amount), has(0))
}
await costed(`${total} policies at once`, () => load.policies(0, total), has(total))
await oneByOne('one pod more', i => load.pod(namespaceOf(i % namespaces), `more-${i}`, i % 10))
await oneByOne('one policy changes', i => load.change((i * 7) % total, 1))

const size = () => statSync(stage.nb.members[0]?.file ?? '').size
await controller.stop()
const before = size()
controller = await stage.startController()
const ready = controller.seconds
const rested = async () => {
  const cpu = cpuSeconds(controller.pid)
  await nb.settled()
  return cpuSeconds(controller.pid) - cpu < 0.2
}
while (!(await rested()));
say({
  phase: 'restart',
  readySeconds: Number(ready.toFixed(2)),
  nbBytesWritten: size() - before,
  controllerCpu: cpuSeconds(controller.pid),
  MiB: residentMiB(controller.pid),
})

if (values['no-flows'] !== true) {
  const databases = { nb: stage.nb, sb: stage.sb, folder: stage.plane.folder }
  const { daemon, report } = await runNorthd(databases)
  say({ phase: 'ovn-northd, from nothing', ...report })
  const names = Array.from({ length: 10 }, (_, i) => `pod-${i}`)
  const local = await Promise.all(
    names.map(async name => ({ name: `${namespaceOf(0)}_${name}`, uid: await load.uid(namespaceOf(0), name) })),
  )
  say({ phase: 'ovn-controller of one node', ...(await runNode(databases, local)) })
  await daemon[Symbol.asyncDispose]()
}
await controller.stop()
process.exit(0)
