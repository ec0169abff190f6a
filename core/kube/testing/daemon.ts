import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { endProcess, hasEnded } from '@ovnkit/testing'

export interface DaemonOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Receives stdout and stderr; appended to. */
  readonly log: string
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Lives on when this process ends (the lab). Otherwise the kernel kills it together with us, even after a crash. */
  readonly detached?: boolean
}

const STOP_AFTER_MS = 5_000

/** A child process that is meant to run until it is stopped. */
export interface Daemon extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  readonly running: boolean
  /** Sends the signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** SIGTERM, then SIGKILL after 5 s. Stopping a stopped one is fine. */
  stop(): Promise<void>
  /** The last lines of its log. */
  tail(lines?: number): string
}

/** @throws Error when the program cannot be started */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const output = openSync(options.log, 'a')
  try {
    const child = launch(options, output)
    await once(child, 'spawn')
    child.unref()
    return new RunningDaemon(options, child)
  } finally {
    closeSync(output)
  }
}

function launch({ command, args, cwd, env, detached = false }: DaemonOptions, output: number): ChildProcess {
  const bound = ['--pdeathsig', 'KILL', '--', command, ...args]
  return spawn(detached ? command : 'setpriv', detached ? args : bound, {
    stdio: ['ignore', output, output],
    detached,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
  })
}

class RunningDaemon implements Daemon {
  readonly name: string
  readonly pid: number
  readonly #child: ChildProcess
  readonly #log: string

  constructor({ name, log }: DaemonOptions, child: ChildProcess) {
    if (child.pid === undefined) throw new Error(`${name} has no process id`)
    this.name = name
    this.pid = child.pid
    this.#child = child
    this.#log = log
  }

  get running(): boolean {
    return !hasEnded(this.#child)
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return
    this.#child.ref()
    await endProcess(this.#child, signal)
  }

  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_AFTER_MS)
    await this.kill('SIGTERM')
    clearTimeout(timer)
  }

  tail(lines = 20): string {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
