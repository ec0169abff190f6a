/**
 * What a restart costs with many pods, and memory on the way: node bench/controller/restart.ts [--pods 10000]
 *
 * Geneve, so that one switch can hold them all. Prints one JSON line a step: resident memory idle, at 1,000 and at all pods; then the restart: seconds until
 * ready, operations sent to the Northbound server (the growth of its log file, which has every transaction), writes to the API.
 */
import { statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { waitUntil } from '@ovnkit/testing'
import { annotation, podOf } from './pod-objects.ts'
import { PodWatch } from './pod-watch.ts'
import { cpuSeconds, peakMiB, residentMiB } from './process-usage.ts'
import { openStage } from './stage.ts'

const { values } = parseArgs({ options: { pods: { type: 'string' } } })
const total = Number(values.pods ?? 10_000)
const namespace = 'bench'
const path = `/api/v1/namespaces/${namespace}/pods`
const say = (line: object) => console.log(JSON.stringify(line))
const quiet = (seconds: number) => new Promise(resolve => setTimeout(resolve, seconds * 1000))
const names = Array.from({ length: total }, (_, i) => `pod-${String(i).padStart(5, '0')}`)

await using stage = await openStage({ tunnel: 'geneve' })
const { api, nb, plane } = stage
await api.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
const first = await stage.startController()
const pods = new PodWatch(plane, path, { version: String(await version()), annotation })
await quiet(3)
say({ step: 'idle', residentMiB: residentMiB(first.pid) })
for (const [from, to] of [
  [0, Math.min(1000, total)],
  [Math.min(1000, total), total],
] as const) {
  const some = names.slice(from, to)
  const cpu = cpuSeconds(first.pid)
  await api.each(some, name => api.call('POST', path, podOf(name)))
  // The annotation is the last thing that a pod gets.
  await waitUntil('all pods to have their network', () => some.every(name => pods.annotated.has(name)), 300_000)
  await quiet(5)
  say({
    step: `${to} pods`,
    residentMiB: residentMiB(first.pid),
    peakMiB: peakMiB(first.pid),
    cpuSeconds: Number((cpuSeconds(first.pid) - cpu).toFixed(2)),
  })
}
await first.stop()

const size = () => statSync(nb.members[0]?.file ?? '').size
for (let round = 0; round < 3; round++) {
  // The Lease is written as well; pods are not, which their newest version tells.
  const before = { size: size(), version: await version() }
  const again = await stage.startController()
  const cpu = cpuSeconds(again.pid)
  await quiet(5)
  say({
    step: 'restart',
    readySeconds: Number(again.seconds.toFixed(2)),
    nbBytesWritten: size() - before.size,
    cpuSecondsUntilReady: cpu,
    cpuSecondsAfter: Number((cpuSeconds(again.pid) - cpu).toFixed(2)),
    residentMiB: residentMiB(again.pid),
    apiVersionsBetween: (await version()) - before.version,
  })
  await again.stop()
}
process.exit(0)

async function version(): Promise<number> {
  const { metadata } = await api.call<{ metadata: { resourceVersion: string } }>('GET', `${path}?limit=1`)
  return Number(metadata.resourceVersion)
}
