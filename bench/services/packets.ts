/**
 * How long from the API to the first connection on another node: node bench/services/packets.ts [--services 1000] [--endpoints 10] [--runs 100]
 * [--kube-proxy]. As root; makes a light lab of its own. See README.md.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { inNetworkOf, inside, type Lab, requireInit, speaker, withLab } from '@ovnkit/lab'
import type { ApiLoad } from '../controller/api-load.ts'
import { cpuSeconds, residentMiB } from '../controller/process-usage.ts'
import { apiOf, runPod } from '../lab-access.ts'
import { summarize } from '../summary.ts'
import { Knocker, now } from './knock.ts'
import { type Backends, ServiceLoad, someBackends } from './service-load.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: { services: text, endpoints: text, runs: text, 'kube-proxy': { type: 'boolean' } },
})
const services = Number(values.services ?? 1000)
const endpoints = Number(values.endpoints ?? 10)
const runs = Number(values.runs ?? 100)
const kubeProxy = values['kube-proxy'] === true
const say = (line: object) => console.log(JSON.stringify(line))
const namespace = 'default'

/** From the write of a slice until the first connection, for Services one after another. */
async function newServices(from: string, load: ServiceLoad, knocker: Knocker, server: Backends): Promise<void> {
  const latencies: number[] = []
  for (let i = 0; i < runs; i++) {
    const service = await load.service(`${from}-${i}`)
    const opened = knocker.opened(service.address, 80)
    const wrote = now()
    await load.slice(service.name, server)
    latencies.push((await opened) - wrote)
  }
  say({ from, question: 'write to first connection', kubeProxy, services, ms: summarize(latencies) })
}

/** The only endpoint of one Service comes and goes; from its coming until the first connection. */
async function changes(from: string, load: ServiceLoad, knocker: Knocker, server: Backends): Promise<void> {
  const latencies: number[] = []
  const service = await load.service(`${from}-changing`)
  await load.slice(service.name, server)
  await knocker.opened(service.address, 80)
  for (let i = 0; i < runs; i++) {
    // Nobody listens there: a connection is a sign that the change has come.
    await load.changeSlice(service.name, { ...server, port: 9 })
    await new Promise(resolve => setTimeout(resolve, 300))
    const opened = knocker.opened(service.address, 80)
    const wrote = now()
    await load.changeSlice(service.name, server)
    latencies.push((await opened) - wrote)
  }
  say({ from, question: 'change to first connection', kubeProxy, services, ms: summarize(latencies) })
}

/** What `measure` finds of each program of the lab, by its pid. */
function ofEach(lab: Lab, measure: (pid: number) => number): Record<string, number> {
  const programs = [
    ['control', 'controller'],
    ['control', 'northd'],
    ['n2', 'ovn-controller'],
    ['n2', 'agent'],
    ['n2', 'kube-proxy'],
  ] as const
  return Object.fromEntries(
    programs.flatMap(([machine, name]) => {
      const found = lab.process(machine, name)
      return found === undefined ? [] : [[`${machine} ${name}`, measure(found.pid)]]
    }),
  )
}

async function fill(lab: Lab, api: ApiLoad): Promise<void> {
  const load = new ServiceLoad(api, 'many')
  await load.begin()
  const before = ofEach(lab, cpuSeconds)
  const MiB = ofEach(lab, residentMiB)
  await api.each(
    Array.from({ length: services }, (_, i) => i),
    async i => {
      const { name } = await load.service(`s-${i}`)
      await load.slice(name, someBackends(i, endpoints))
    },
  )
  await new Promise(resolve => setTimeout(resolve, 20_000))
  const cpu = Object.entries(ofEach(lab, cpuSeconds)).map(([name, now]) => [
    name,
    Number((now - (before[name] ?? 0)).toFixed(2)),
  ])
  say({ question: `CPU of ${services} Services`, kubeProxy, cpu: Object.fromEntries(cpu) })
  say({
    question: `resident memory without and with ${services} Services, MiB`,
    before: MiB,
    after: ofEach(lab, residentMiB),
  })
}

await withLab({ name: 'bench-services', mode: 'light', nodes: 2, product: 'bundle', kubeProxy }, async lab => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-services-'))
  const api = apiOf(lab, folder)
  const address = await runPod(lab, { namespace, name: 'server' }, 'n1', ['netexec', '--http-port=8080'])
  await runPod(lab, { namespace, name: 'client' }, 'n2', ['pause'])
  await fill(lab, api)
  const load = new ServiceLoad(api, 'bench')
  await load.begin()
  const server = { addresses: [address], port: 8080, node: 'n1' }
  const machine = inside(requireInit(lab.machine('n2')))
  const places = { pod: [...machine, ...(await inNetworkOf(lab, await speaker(lab, 'client')))], host: machine }
  for (const [from, words] of Object.entries(places)) {
    using knocker = await new Knocker(words).ready()
    await newServices(from, load, knocker, server)
    await changes(from, load, knocker, server)
  }
  rmSync(folder, { recursive: true })
})
process.exit(0)
