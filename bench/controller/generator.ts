/**
 * The load: creates pods through the API as fast as it answers, and prints one JSON line with what it took. Run by pods.ts in a process of its own for every
 * measurement, so that both sides start equally cold.
 *
 * `--side floor`: nobody runs who writes annotations; the generator patches every pod once itself, in the worker that created it. `--side patcher`: another
 * program does, and the watch has to show it. `--side controller`: the same, and the Northbound database has to show every port.
 */
import { parseArgs } from 'node:util'
import { ApiLoad } from './api-load.ts'
import { NbWatch } from './nb-watch.ts'
import { annotation, patchOf, podOf } from './pod-objects.ts'
import { PodWatch } from './pod-watch.ts'
import { cpuSeconds, machineCpuSeconds } from './process-usage.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    side: text,
    namespace: text,
    pods: text,
    single: text,
    server: text,
    ca: text,
    cert: text,
    key: text,
    nb: text,
    pid: { type: 'string', multiple: true },
  },
})
const { side = 'floor', namespace = 'bench', server = '', ca = '', cert = '', key = '', nb = '' } = values
const access = { server, ca, cert, key }
const path = `/api/v1/namespaces/${namespace}/pods`
const patches = side === 'floor'
const writesPorts = side === 'controller'
/** `--pid NAME=PID` may be repeated. */
const pids = (values.pid ?? []).map(text => text.split('=')).map(([name = '', pid]) => ({ name, pid: Number(pid) }))

const api = new ApiLoad(access)
const ports = new NbWatch(nb)
const { metadata } = await api.call<{ metadata: { resourceVersion: string } }>('GET', `${path}?limit=1`)
const pods = new PodWatch(access, path, { version: metadata.resourceVersion, annotation })
await sleep(1000)

const run = Date.now().toString(36)
const one = await single(Number(values.single ?? 20))
const names = Array.from({ length: Number(values.pods ?? 1000) }, (_, i) => `bp-${run}-${String(i).padStart(5, '0')}`)
const create = await creation(names)
// Whatever comes after the last pod (status, garbage) belongs to none of the phases.
await sleep(4000)
const remove = await removal(names)
console.log(JSON.stringify({ create, remove, one }))
process.exit(0)

async function single(count: number) {
  const created: number[] = []
  for (let i = 0; i < count; i++) {
    const name = `bs-${run}-${String(i).padStart(5, '0')}`
    const began = performance.now()
    await make(name)
    await until(`pod ${name}`, () => complete(name))
    created.push(shownAt(name) - began)
    await api.call('DELETE', `${path}/${name}`, { gracePeriodSeconds: 0 })
    await until(`the end of pod ${name}`, () => gone(name))
  }
  const sorted = created.toSorted((a, b) => a - b)
  return { p50: round(sorted[Math.floor(sorted.length / 2)] ?? 0), max: round(sorted.at(-1) ?? 0) }
}

async function creation(all: readonly string[]) {
  const used = usage()
  const began = performance.now()
  await api.each(all, make)
  const posted = performance.now() - began
  const lacking = () => all.filter(name => !complete(name))
  await until(
    () => `pods ${lacking().slice(0, 3)} (${lacking().length} in all)`,
    () => all.every(complete),
  )
  const annotated = latest(all.map(name => pods.annotated.get(name)))
  const inNb = !writesPorts ? began : latest(all.map(name => ports.appeared.get(portOf(name))))
  return {
    seconds: seconds(Math.max(annotated, inNb) - began),
    posted: seconds(posted),
    annotated: seconds(annotated - began),
    ports: seconds(inNb - began),
    ...used(),
  }
}

async function removal(all: readonly string[]) {
  const began = performance.now()
  await api.each(all, name => api.call('DELETE', `${path}/${name}`, { gracePeriodSeconds: 0 }))
  const asked = performance.now() - began
  await until('the end of all pods', () => all.every(gone))
  const lastPod = latest(all.map(name => pods.deleted.get(name)))
  const lastPort = !writesPorts ? lastPod : latest(all.map(name => ports.vanished.get(portOf(name))))
  return {
    seconds: seconds(Math.max(lastPod, lastPort) - began),
    asked: seconds(asked),
    pods: seconds(lastPod - began),
  }
}

async function make(name: string): Promise<void> {
  await api.call('POST', path, podOf(name))
  if (patches) await api.call('PATCH', `${path}/${name}`, patchOf(name), 'application/merge-patch+json')
}

function portOf(name: string): string {
  return `${namespace}_${name}`
}

function complete(name: string): boolean {
  return pods.annotated.has(name) && (!writesPorts || ports.appeared.has(portOf(name)))
}

function gone(name: string): boolean {
  return pods.deleted.has(name) && (!writesPorts || ports.vanished.has(portOf(name)))
}

function shownAt(name: string): number {
  return latest([pods.annotated.get(name), ports.appeared.get(portOf(name))])
}

function latest(times: readonly (number | undefined)[]): number {
  return Math.max(...times.map(time => time ?? 0))
}

/** CPU seconds from now until the returned function is called: of each process, and what processes used that have no part in it, so that a busy machine shows. */
function usage() {
  const now = () => ({ processes: pids.map(({ pid }) => cpuSeconds(pid)), machine: machineCpuSeconds() })
  const before = now()
  const own = process.cpuUsage()
  return () => {
    const after = now()
    const { user, system } = process.cpuUsage(own)
    const used: Record<string, number> = { generator: round((user + system) / 1e6) }
    for (const [i, { name }] of pids.entries())
      used[name] = round((after.processes[i] ?? 0) - (before.processes[i] ?? 0))
    const sum = Object.values(used).reduce((a, b) => a + b, 0)
    return { cpu: { ...used, sum: round(sum) }, othersCpu: round(after.machine - before.machine - sum) }
  }
}

async function until(what: string | (() => string), holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 120_000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`${typeof what === 'string' ? what : what()}: not within 120 s`)
    await sleep(5)
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

function seconds(ms: number): number {
  return Number((ms / 1000).toFixed(3))
}

function round(value: number): number {
  return Number(value.toFixed(2))
}
