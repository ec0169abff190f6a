import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { childrenOf, identify, isAlive, type ProcessIdentity, processIdentity, signal } from '../state/identity.ts'
import { readJson, writeAtomically } from '../state/record.ts'
import { waitFor } from '../state/wait.ts'
import { inside, type Machine, machineEnvironment, requireInit } from './machine.ts'

/** A long-running program of a machine, as a value: what to prepare, what to run, and how it is known to be ready. */
export interface Service {
  readonly name: string
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Before every start: folders, databases, files. */
  readonly prepare?: () => Promise<void>
  /** One look at whether it serves; throws or says false for "not yet". */
  readonly ready?: () => Promise<boolean>
  /** After every start, once it is ready: what the machine's own set-up would do. */
  readonly after?: () => Promise<void>
  /** Milliseconds until not being ready is an error. */
  readonly within?: number
}

const recordFile = (machine: Machine, name: string) => `${machine.folder}/run/${name}.json`
export const logFile = (machine: Machine, name: string) => `${machine.folder}/log/${name}.log`

/** The running process of a service, or undefined. */
export function processOf(machine: Machine, name: string): ProcessIdentity | undefined {
  const found = readJson(recordFile(machine, name), processIdentity)
  return found !== undefined && isAlive(found) ? found : undefined
}

/** Starts a service inside its machine and waits until it serves; one that runs stays as it is. */
export async function startService(machine: Machine, service: Service, signal?: AbortSignal): Promise<void> {
  if (processOf(machine, service.name) === undefined) {
    await service.prepare?.()
    await launch(machine, service)
  }
  await waitFor(service.ready ?? (async () => true), {
    what: `${service.name} on ${machine.name}`,
    within: service.within ?? 60_000,
    ...(signal === undefined ? {} : { signal }),
    hopeless: () =>
      processOf(machine, service.name) === undefined ? `it ended; ${lastLines(machine, service.name)}` : undefined,
  })
  await service.after?.()
}

async function launch(machine: Machine, service: Service): Promise<void> {
  const log = openSync(logFile(machine, service.name), 'a')
  const [program = '', ...args] = [...inside(requireInit(machine)), ...service.argv]
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...machineEnvironment, ...service.env },
    cwd: '/',
  })
  closeSync(log)
  child.unref()
  const parent = child.pid
  if (parent === undefined) throw new Error(`cannot run nsenter for ${service.name}`)
  // nsenter stays as the parent: a pid namespace is entered by a fork.
  const started = await waitFor(() => grandchild(parent), {
    what: `the process of ${service.name} on ${machine.name}`,
    within: 10_000,
    every: 1,
    hopeless: () => (child.exitCode === null ? undefined : `it ended at once; ${lastLines(machine, service.name)}`),
  })
  writeAtomically(recordFile(machine, service.name), JSON.stringify(started))
}

function grandchild(parent: number): ProcessIdentity | undefined {
  const [pid] = childrenOf(parent)
  return pid === undefined ? undefined : identify(pid)
}

/** Ends a service by a signal and waits until it is gone. False when it was not running. */
export async function stopService(machine: Machine, name: string, how: NodeJS.Signals = 'SIGKILL'): Promise<boolean> {
  const running = processOf(machine, name)
  if (running === undefined) return false
  signal(running, how)
  await waitFor(() => !isAlive(running), {
    what: `the end of ${name} on ${machine.name} (pid ${running.pid})`,
    within: 30_000,
  })
  rmSync(recordFile(machine, name), { force: true })
  return true
}

/** The end of a service's log, for messages. */
export function lastLines(machine: Machine, name: string, count = 8): string {
  try {
    return `its log ends: ${readFileSync(logFile(machine, name), 'utf8').trim().split('\n').slice(-count).join('\n')}`
  } catch {
    return 'it wrote no log'
  }
}
