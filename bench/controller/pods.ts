/**
 * How long until pods have their network, against how long the API alone takes: node bench/controller/pods.ts [--pods 1000] [--single 20] [--rounds 5]
 * [--tunnel vxlan|geneve]. See README.md. With LOAD=/path/to/load.mjs that generator is run at the end as well, against the controller.
 */
import { fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { annotation } from './pod-objects.ts'
import { residentMiB } from './process-usage.ts'
import { openStage } from './stage.ts'

interface Result {
  readonly create: { readonly seconds: number; readonly cpu: { readonly sum: number; readonly controller?: number } }
  readonly remove: { readonly seconds: number; readonly pods: number }
  readonly one: { readonly p50: number }
}

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { pods: text, single: text, rounds: text, tunnel: text } })
const { pods = '1000', single = '20', tunnel } = values
const rounds = Number(values.rounds ?? 5)
const namespace = 'bench'
const say = (line: object) => console.log(JSON.stringify(line))
const quiet = () => new Promise(resolve => setTimeout(resolve, 4000))
const ratio = (a: number, b: number) => Number((a / b).toFixed(3))
const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0

await using stage = await openStage({ tunnel: tunnel === 'geneve' ? 'geneve' : 'vxlan' })
const { api, plane, nb, nbPid } = stage
const access = ['--server', plane.server, '--ca', plane.ca, '--cert', plane.cert, '--key', plane.key]
for (const name of [namespace, 'bench2'])
  await api.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
// The API server's first thousand pods cost it more than later ones.
await generate('floor')
const found = {
  create: [],
  cpu: [],
  one: [],
  remove: [],
  controllerCpu: [],
  patcherCreate: [],
  patcherOne: [],
} as Record<string, number[]>
for (let round = 0; round < rounds; round++) {
  const floor = await generate('floor')
  say({ round, side: 'floor', ...floor })
  say({ round, side: 'patcher', ...(await leastController(floor)) })
  const controller = await stage.startController()
  await quiet()
  const idleMiB = residentMiB(controller.pid)
  const result = await generate('controller', controller.pid)
  const MiB = residentMiB(controller.pid)
  const ratios = {
    create: ratio(result.create.seconds, floor.create.seconds),
    cpu: ratio(result.create.cpu.sum, floor.create.cpu.sum),
    one: ratio(result.one.p50, floor.one.p50),
    remove: ratio(result.remove.seconds, floor.remove.seconds),
  }
  say({ round, side: 'controller', ...result, idleMiB, MiB, ratios })
  const controllerCpu = result.create.cpu.controller ?? 0
  for (const [key, value] of Object.entries({ ...ratios, controllerCpu })) found[key]?.push(value)
  if (round === rounds - 1 && process.env.LOAD !== undefined) runLoad(process.env.LOAD, controller.pid)
  await controller.stop()
}
say({
  medians: Object.fromEntries(Object.entries(found).map(([key, list]) => [key, median(list)])),
  all: found,
  targets: { create: 1.15, one: 1.25, remove: 1.1, controllerCpu: 1.2 },
})
process.exit(0)

/** The least controller that there can be, in the controller's place. */
async function leastController(floor: Result) {
  const child = fork(join(import.meta.dirname, 'patcher.ts'), access, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await once(child, 'message')
  const result = await generate('patcher', child.pid)
  child.kill()
  const ratios = {
    create: ratio(result.create.seconds, floor.create.seconds),
    cpu: ratio(result.create.cpu.sum, floor.create.cpu.sum),
    one: ratio(result.one.p50, floor.one.p50),
  }
  found.patcherCreate?.push(ratios.create)
  found.patcherOne?.push(ratios.one)
  return { ...result, ratios }
}

/** One measurement by a fresh process. */
async function generate(side: 'floor' | 'patcher' | 'controller', controller?: number): Promise<Result> {
  const args = [
    ...access,
    '--nb',
    nb.remote,
    '--side',
    side,
    '--namespace',
    namespace,
    '--pods',
    pods,
    '--single',
    single,
  ]
  const pids = { nb: nbPid, ...Object.fromEntries(plane.pids), ...(controller !== undefined && { controller }) }
  for (const [name, pid] of Object.entries(pids)) args.push('--pid', `${name}=${pid}`)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'generator.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output: string[] = []
  child.stdout.setEncoding('utf8').on('data', (data: string) => output.push(data))
  const code = await new Promise(resolve => child.once('close', resolve))
  if (code !== 0) throw new Error(`the generator ended with ${code}`)
  await quiet()
  return JSON.parse(output.join(''))
}

/** The peer-agnostic generator, as it is. */
function runLoad(script: string, pid: number): void {
  const args = [...access, '--nb', nb.remote, '--allocated', annotation, '--node', 'n0', '--ns', 'bench2']
  args.push('--pid', `ctl=${pid}`, '--pid', `nb=${nbPid}`, '--pods', pods, '--services', '100', '--policies', '0')
  spawnSync(process.execPath, [script, ...args], { stdio: 'inherit' })
}
