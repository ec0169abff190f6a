import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { endProcess, waitUntil } from '@ovnkit/testing'

const execute = promisify(execFile)

/** Runs a program to its end; resolves with its output, rejects with what it complained about. */
export async function run(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(program, args, { maxBuffer: 1 << 30 })
  return stdout
}

export interface DaemonOptions {
  /** Folder for the control socket and the log, the server's working folder. */
  readonly dir: string
  readonly name: string
  /** Arguments beside those for folder, log and control socket. */
  readonly args: readonly string[]
  /** Path of the unix socket that accepts connections once the server is ready. */
  readonly socket: string
}

/** One ovsdb-server process that can be killed and started again. It dies with this process. */
export class Daemon implements AsyncDisposable {
  readonly #options: DaemonOptions
  #process: ChildProcess | undefined

  constructor(options: DaemonOptions) {
    this.#options = options
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get logFile(): string {
    return `${this.#options.dir}/${this.#options.name}.log`
  }

  async start(): Promise<void> {
    const { dir, name, args, socket } = this.#options
    const common = [`--unixctl=${dir}/${name}.ctl`, `--log-file=${this.logFile}`, '-vconsole:off', '-vfile:info']
    const env = { ...process.env, OVS_RUNDIR: dir, OVS_LOGDIR: dir, OVS_DBDIR: dir }
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'ovsdb-server', ...common, ...args], {
      cwd: dir,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#process = child
    let complaint = ''
    child.stderr.on('data', chunk => {
      complaint += chunk
    })
    await waitUntil(`${name} accepts connections`, () => {
      if (child.exitCode !== null) throw new Error(`ovsdb-server exited with ${child.exitCode}: ${complaint}`)
      return accepts(socket)
    })
  }

  /** Ends the process with a signal and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process
    this.#process = undefined
    await endProcess(child, signal)
  }

  /** Stops the process without closing anything, as a machine that hangs; `thaw` goes on. */
  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  /** Runs a command of the server (ovsdb-server(1), "Runtime management commands"). */
  appctl(...command: string[]): Promise<string> {
    return run('ovs-appctl', ['--timeout=10', '-t', `${this.#options.dir}/${this.#options.name}.ctl`, ...command])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
