/**
 * How long from the API to the Northbound database: node bench/services/main.ts [--services 1000] [--endpoints 10] [--changes 100]. Needs
 * dist/zstack-ovnkube-controller.mjs (make build-controller). See README.md; packets.ts goes on to the first packet.
 */
import { parseArgs } from 'node:util'
import { cpuSeconds, machineCpuSeconds, residentMiB } from '../controller/process-usage.ts'
import { openStage } from '../controller/stage.ts'
import { summarize } from '../summary.ts'
import { BalancerWatch } from './balancer-watch.ts'
import { backendsText, type MadeService, ServiceLoad, someBackends } from './service-load.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { services: text, endpoints: text, changes: text } })
const total = Number(values.services ?? 1000)
const endpoints = Number(values.endpoints ?? 10)
const changes = Number(values.changes ?? 100)
const say = (line: object) => console.log(JSON.stringify(line))
const quiet = () => new Promise(resolve => setTimeout(resolve, 4000))
const seconds = (ms: number) => Math.round(ms) / 1000

await using stage = await openStage({ tunnel: 'vxlan' })
const controller = await stage.startController()
using watch = new BalancerWatch(stage.nb.remote)
const load = new ServiceLoad(stage.api, 'bench')
await load.begin()
await quiet()
say({ phase: 'idle', MiB: residentMiB(controller.pid) })

/** CPU seconds of whoever takes part while `work` runs, and of everybody else. */
async function costed<T extends object>(phase: string, work: () => Promise<T>): Promise<T> {
  const pids = { controller: controller.pid, nb: stage.nbPid, ...Object.fromEntries(stage.plane.pids) }
  const read = () => Object.entries(pids).map(([name, pid]) => [name, cpuSeconds(pid)] as const)
  const [before, all, self] = [read(), machineCpuSeconds(), process.cpuUsage()]
  const result = await work()
  // What is cleaned up or collected afterwards is part of the price.
  await quiet()
  const spent = read().map(([name, used], i) => [name, Number((used - (before[i]?.[1] ?? 0)).toFixed(2))] as const)
  const own = process.cpuUsage(self)
  const known = spent.reduce((sum, [, used]) => sum + used, (own.user + own.system) / 1e6)
  const othersCpu = Number(Math.max(0, machineCpuSeconds() - all - known).toFixed(2))
  say({ phase, ...result, cpu: Object.fromEntries(spent), othersCpu, MiB: residentMiB(controller.pid) })
  return result
}

/** Many at once: from the write of each slice to its last endpoint in NB, and how long NB is behind the API's last reply. */
async function create(names: readonly string[]): Promise<{ made: MadeService[]; summary: object }> {
  const made: MadeService[] = []
  const latencies: Promise<number>[] = []
  const began = performance.now()
  await stage.api.each(names, async (name, i) => {
    const service = await load.service(name)
    const wrote = performance.now()
    latencies.push(watch.reached(service.vip, endpoints).then(at => at - wrote))
    await load.slice(name, someBackends(i, endpoints))
    made.push(service)
  })
  const api = performance.now()
  const all = await Promise.all(latencies)
  const summary = {
    services: names.length,
    endpoints,
    apiSeconds: seconds(api - began),
    behindApiMs: Math.round((performance.now() - api) * 10) / 10,
    writeToNbMs: summarize(all),
  }
  return { made, summary }
}

const names = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => `${prefix}-${i}`)

for (const round of [1, 2, 3]) {
  let made: MadeService[] = []
  await costed(`${round}: 100 Services at once`, async () => {
    const created = await create(names(100, `r${round}`))
    made = created.made
    return created.summary
  })
  await load.remove(made)
  await quiet()
}

await costed(`${total} Services at once`, async () => (await create(names(total, 's'))).summary)

await costed('one Service more, one at a time', async () => {
  const latencies: number[] = []
  for (let i = 0; i < changes; i++) {
    const service = await load.service(`one-${i}`)
    const wrote = performance.now()
    const reached = watch.reached(service.vip, endpoints)
    await load.slice(service.name, someBackends(i, endpoints))
    latencies.push((await reached) - wrote)
  }
  return { writeToNbMs: summarize(latencies) }
})

await costed('one endpoint changes, one at a time', async () => {
  const latencies: number[] = []
  const service = await load.service('changing')
  await load.slice(service.name, someBackends(0, endpoints))
  await watch.reached(service.vip, endpoints)
  const before = watch.changes
  for (let i = 0; i < changes; i++) {
    const backends = someBackends(0, endpoints)
    const next = { ...backends, addresses: [...backends.addresses.slice(1), `10.244.251.${i + 1}`] }
    const wrote = performance.now()
    const reached = watch.reached(service.vip, backendsText(next))
    await load.changeSlice(service.name, next)
    latencies.push((await reached) - wrote)
  }
  return { writeToNbMs: summarize(latencies), changedRowsEach: (watch.changes - before) / changes }
})

await controller.stop()
process.exit(0)
