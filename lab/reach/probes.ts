import { readFileSync, rmSync } from 'node:fs'
import type { Lab } from '../lab.ts'
import type { Machine } from '../machine/machine.ts'
import { logFile, processOf, startService, stopService } from '../machine/service.ts'
import { inNetworkOf, type Speaker } from './pods.ts'

const serviceName = (name: string) => `probe-${name}`
const program = new URL('probe.ts', import.meta.url).pathname

/** Starts asking `url` from a pod's network; resolves when the first answers must have come. */
export async function startProbe(lab: Lab, name: string, pod: Speaker, url: string): Promise<void> {
  const machine = lab.machine(pod.node)
  rmSync(logFile(machine, serviceName(name)), { force: true })
  const argv = [...(await inNetworkOf(lab, pod)), process.execPath, program, url]
  await startService(machine, {
    name: serviceName(name),
    argv,
    ready: async () => read(machine, name).includes('asking'),
  })
}

/** Ends a probe and returns what it counted. */
export async function stopProbe(lab: Lab, name: string): Promise<string> {
  const machine = lab.machines.find(one => processOf(one, serviceName(name)) !== undefined)
  if (machine === undefined) throw new Error(`no probe ${name} runs: it was never started, or its node went down`)
  await stopService(machine, serviceName(name), 'SIGTERM')
  return read(machine, name).replace(/^asking\n/, '')
}

const read = (machine: Machine, name: string) => readFileSync(logFile(machine, serviceName(name)), 'utf8')
