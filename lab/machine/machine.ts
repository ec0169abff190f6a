import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { childrenOf, identify, isAlive, type ProcessIdentity, processIdentity, signal } from '../state/identity.ts'
import { readJson, writeAtomically } from '../state/record.ts'
import { type RunOptions, type RunResult, run, runRaw } from '../state/run.ts'
import { waitFor } from '../state/wait.ts'

/**
 * A machine of the lab: a process that is init of its own network, mount, pid, host name and IPC namespaces (boot.sh).
 * When init ends, the kernel ends every process inside, unmounts everything and removes every link: there is nothing to forget.
 */
export interface Machine {
  readonly name: string
  /** What survives a reboot of it, on the host. */
  readonly disk: string
  /** Logs and process records, on the host. */
  readonly folder: string
}

export const machineAt = (labFolder: string, name: string): Machine => ({
  name,
  folder: `${labFolder}/${name}`,
  disk: `${labFolder}/${name}/disk`,
})

const initFile = (machine: Machine) => `${machine.folder}/init.json`
const bootScript = new URL('boot.sh', import.meta.url).pathname

/** Init of a machine, or undefined when the machine is off. */
export function initOf(machine: Machine): ProcessIdentity | undefined {
  const init = readJson(initFile(machine), processIdentity)
  return init !== undefined && isAlive(init) ? init : undefined
}

export function requireInit(machine: Machine): ProcessIdentity {
  const init = initOf(machine)
  if (init === undefined) throw new Error(`machine ${machine.name} is off: start it with \`lab up\` or \`lab reboot\``)
  return init
}

/** Switches a machine on and returns its init (`program`: one that waits and reaps); a machine that is on stays as it is. */
export async function boot(machine: Machine, program: string): Promise<ProcessIdentity> {
  const running = initOf(machine)
  if (running !== undefined) return running
  mkdirSync(machine.disk, { recursive: true })
  mkdirSync(`${machine.folder}/log`, { recursive: true })
  const logFile = `${machine.folder}/log/boot.log`
  const log = openSync(logFile, 'a')
  const unshare = ['--net', '--mount', '--pid', '--uts', '--ipc', '--fork']
  const child = spawn('unshare', [...unshare, 'sh', bootScript, machine.disk, machine.name, program], {
    detached: true,
    stdio: ['ignore', log, log, 'pipe'],
  })
  closeSync(log)
  child.unref()
  const parent = child.pid
  if (parent === undefined) throw new Error('cannot run unshare: is util-linux installed, and is this root?')
  const init = await waitFor(() => firstChild(parent), { what: `machine ${machine.name}`, within: 10_000, every: 2 })
  // Recorded before it is ready, so that whoever cleans up after a crash finds it.
  writeAtomically(initFile(machine), JSON.stringify(init))
  if (await saysReady(child.stdio[3])) return init
  throw new Error(`machine ${machine.name} did not boot: ${readFileSync(logFile, 'utf8').trim().slice(-1000)}`)
}

function firstChild(parent: number): ProcessIdentity | undefined {
  const [pid] = childrenOf(parent)
  return pid === undefined ? undefined : identify(pid)
}

/** Whether the script came to its end. unshare holds the pipe open too, so its end alone tells only of a failure. */
async function saysReady(stream: unknown): Promise<boolean> {
  if (!isReadable(stream)) return false
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    if (text.includes('ready\n')) return true
  }
  return false
}

const isReadable = (stream: unknown): stream is AsyncIterable<unknown> =>
  typeof stream === 'object' && stream !== null && Symbol.asyncIterator in stream

/** Switches a machine off, as pulling the plug does, and waits until nothing of it runs. */
export async function halt(machine: Machine): Promise<void> {
  const init = readJson(initFile(machine), processIdentity)
  if (init === undefined) return
  signal(init, 'SIGKILL')
  await waitFor(() => !isAlive(init), { what: `the end of machine ${machine.name} (pid ${init.pid})`, within: 30_000 })
}

/** The words before a command that runs it inside a machine. */
export const inside = (init: ProcessIdentity): string[] => [
  'nsenter',
  '-t',
  String(init.pid),
  '-n',
  '-m',
  '-p',
  '-u',
  '-i',
  '--',
]

/** What a login on a machine gives; nothing of the caller's environment leaks in. */
export const machineEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/run/home',
  TMPDIR: '/run/tmp',
  LANG: 'C.UTF-8',
}

const withEnvironment = (options: RunOptions = {}): RunOptions => ({
  ...options,
  env: { ...machineEnvironment, ...options.env },
})

/** Runs a command inside a machine and returns its output whatever its exit code. */
export const tryIn = (machine: Machine, argv: readonly string[], options?: RunOptions): Promise<RunResult> =>
  runRaw([...inside(requireInit(machine)), ...argv], withEnvironment(options))

/** Runs a command that must succeed inside a machine and returns its standard output. */
export const runIn = (machine: Machine, argv: readonly string[], options?: RunOptions): Promise<string> =>
  run([...inside(requireInit(machine)), ...argv], withEnvironment(options))
