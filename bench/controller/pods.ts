/**
 * How long until pods have their network, against how long the API alone takes: node bench/controller/pods.ts [--pods 1000] [--single 20] [--rounds 3]
 *
 * Floor: the same generator creates the same pods and sends one patch for each, and no controller runs. Both sides run in turn in the same run, on the same
 * API server. With LOAD=/path/to/load.mjs that generator is run as well, against the controller.
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { mirror, resources } from '@ovnkit/kube'
import { waitUntil } from '@ovnkit/kube/testing'
import { Store } from '@ovnkit/reconcile'
import type { ApiLoad } from './api-load.ts'
import { NbWatch } from './nb-watch.ts'
import { cpuSeconds, residentMiB } from './process-usage.ts'
import { openStage, type Stage } from './stage.ts'

const { values } = parseArgs({
  options: {
    pods: { type: 'string' },
    single: { type: 'string' },
    rounds: { type: 'string' },
    tunnel: { type: 'string' },
  },
})
const count = Number(values.pods ?? 1000)
const single = Number(values.single ?? 20)
const rounds = Number(values.rounds ?? 3)
const namespace = 'bench'
const path = `/api/v1/namespaces/${namespace}/pods`
const annotation = 'k8s.ovn.org/pod-networks'
const mergePatch = 'application/merge-patch+json'
// Of the size that the controller writes.
const patch = {
  metadata: {
    annotations: {
      [annotation]: JSON.stringify({
        default: {
          ip_addresses: ['10.244.100.100/16'],
          mac_address: '0a:58:0a:f4:64:64',
          gateway_ips: ['10.244.0.1'],
          routes: [{ dest: '10.96.0.0/16', nextHop: '10.244.0.1' }],
        },
      }),
      'zstack.io/pod-ip': '10.244.100.100',
      'zstack.io/pod-mac': '0a:58:0a:f4:64:64',
      'zstack.io/subnet': 'default',
      'zstack.io/logical-switch': 'subnet-default',
      'zstack.io/logical-switch-port': 'bench_pod-00000-00000',
    },
  },
}

const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'bench' } },
  spec: {
    nodeName: 'n0',
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    containers: [{ name: 'c', image: 'x' }],
  },
})

const annotated = new Map<string, number>()
const deleted = new Map<string, number>()
const seconds = (from: number, to = performance.now()) => Number(((to - from) / 1000).toFixed(3))
const latest = (times: ReadonlyMap<string, number>, names: readonly string[]) =>
  Math.max(...names.map(name => times.get(name) ?? 0))
const percentile = (list: number[], share: number) => {
  const sorted = list.toSorted((a, b) => a - b)
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2))
}
const median = (list: number[]) => percentile(list, 0.5)
const quiet = () => new Promise(resolve => setTimeout(resolve, 4000))
const say = (line: object) => console.log(JSON.stringify(line))

async function remove(api: ApiLoad, names: readonly string[]): Promise<number> {
  const began = performance.now()
  await api.each(names, name => api.call('DELETE', `${path}/${name}`, { gracePeriodSeconds: 0 }))
  await waitUntil('all pods to be gone', () => names.every(name => deleted.has(name)))
  return seconds(began)
}

/** No controller: create and patch. */
async function floor(api: ApiLoad, round: number) {
  const names = Array.from({ length: count }, (_, i) => `floor-${round}-${String(i).padStart(5, '0')}`)
  const began = performance.now()
  await api.each(names, async name => {
    await api.call('POST', path, pod(name))
    await api.call('PATCH', `${path}/${name}`, patch, mergePatch)
  })
  await waitUntil('all patches to be seen', () => names.every(name => annotated.has(name)))
  const created = seconds(began)
  await quiet()
  const gone = await remove(api, names)
  await quiet()
  const one: number[] = []
  for (let i = 0; i < single; i++) {
    const name = `floor-one-${round}-${i}`
    const start = performance.now()
    await api.call('POST', path, pod(name))
    await api.call('PATCH', `${path}/${name}`, patch, mergePatch)
    await waitUntil('the patch to be seen', () => annotated.has(name), { everyMs: 1 })
    one.push((annotated.get(name) ?? 0) - start)
    await remove(api, [name])
  }
  return { created, gone, one: median(one) }
}

async function measured(stage: Stage, nb: NbWatch, pid: number, round: number) {
  const { api, nbPid } = stage
  const names = Array.from({ length: count }, (_, i) => `pod-${round}-${String(i).padStart(5, '0')}`)
  const ports = names.map(name => `${namespace}_${name}`)
  const before = { cpu: cpuSeconds(pid), nb: cpuSeconds(nbPid), rss: residentMiB(pid) }
  const began = performance.now()
  await api.each(names, name => api.call('POST', path, pod(name)))
  await waitUntil(
    'all pods to have their network',
    () => names.every(name => annotated.has(name)) && ports.every(port => nb.appeared.has(port)),
  )
  const created = seconds(began, Math.max(latest(annotated, names), latest(nb.appeared, ports)))
  const cpu = Number((cpuSeconds(pid) - before.cpu).toFixed(2))
  const nbCpu = Number((cpuSeconds(nbPid) - before.nb).toFixed(2))
  await quiet()
  const rss = residentMiB(pid)
  await remove(api, names)
  const deleteBegan = latest(deleted, names)
  await waitUntil('all ports to be gone', () => ports.every(port => nb.vanished.has(port)))
  const portsAfter = seconds(deleteBegan, Math.max(deleteBegan, latest(nb.vanished, ports)))
  await quiet()
  const one: number[] = []
  for (let i = 0; i < single; i++) {
    const name = `one-${round}-${i}`
    const start = performance.now()
    await api.call('POST', path, pod(name))
    await waitUntil(
      'the pod to have its network',
      () => annotated.has(name) && nb.appeared.has(`${namespace}_${name}`),
      { everyMs: 1 },
    )
    one.push(Math.max(annotated.get(name) ?? 0, nb.appeared.get(`${namespace}_${name}`) ?? 0) - start)
    await remove(api, [name])
  }
  return { created, cpu, nbCpu, rssBefore: before.rss, rss, portsAfterLastDelete: portsAfter, one: median(one) }
}

await using stage = await openStage({ tunnel: values.tunnel === 'geneve' ? 'geneve' : 'vxlan' })
const { api } = stage
await api.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
const pods = new Store<boolean>({ name: 'pods' })
pods.subscribe((key, hasNetwork) => {
  const name = key.slice(namespace.length + 1)
  if (hasNetwork === undefined) deleted.set(name, performance.now())
  else if (hasNetwork && !annotated.has(name)) annotated.set(name, performance.now())
})
const following = mirror({
  client: stage.plane.client,
  resource: resources.pods,
  namespace,
  store: pods,
  trim: ({ metadata }) => metadata?.annotations?.[annotation] !== undefined,
  signal: new AbortController().signal,
})
await following.ready()
await floor(api, -1)
for (let round = 0; round < rounds; round++) {
  const bare = await floor(api, round)
  say({ round, side: 'floor', ...bare })
  using nb = new NbWatch(stage.nb.remote)
  const controller = await stage.startController()
  await quiet()
  if (round === 0) say({ idleMiB: residentMiB(controller.pid) })
  const result = await measured(stage, nb, controller.pid, round)
  say({
    round,
    side: 'controller',
    ...result,
    ratio: Number((result.created / bare.created).toFixed(3)),
    ratioOne: Number((result.one / bare.one).toFixed(3)),
  })
  if (round === rounds - 1 && process.env.LOAD !== undefined) runLoad(process.env.LOAD, controller.pid)
  await controller.stop()
}
process.exit(0)

/** The peer-agnostic generator, as it is. */
function runLoad(script: string, pid: number): void {
  const { plane, nb, nbPid } = stage
  const args = ['--server', plane.server, '--ca', plane.ca, '--cert', plane.cert, '--key', plane.key, '--nb', nb.remote]
  args.push(
    '--allocated',
    annotation,
    '--node',
    'n0',
    '--pid',
    `ctl=${pid}`,
    '--pid',
    `nb=${nbPid}`,
    '--pods',
    String(count),
  )
  args.push('--services', '0', '--policies', '0', '--ns', 'bench2')
  spawnSync(process.execPath, [script, ...args], { stdio: 'inherit' })
}
