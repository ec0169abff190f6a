import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { startOvsdbServer, type TestServer } from '@ovnkit/ovsdb/testing'
import { endProcess, waitUntil } from '@ovnkit/testing'

const execute = promisify(execFile)

export interface TestSwitchOptions {
  /** Path of the network namespace to run ovs-vswitchd in, one that the test made; otherwise it gets a new one at each start. */
  readonly netns?: string
  /** The database's schema. */
  readonly schema?: string
}

/** A real Open vSwitch with the userspace datapath: database, daemon, and the tools that speak to them. */
export interface TestSwitch extends AsyncDisposable {
  readonly server: TestServer
  /** `unix:` remote of the database. */
  readonly remote: string
  readonly dir: string
  /** Starts ovs-vswitchd (again). */
  start(): Promise<void>
  /** Kills ovs-vswitchd at once: its internal ports go with it. */
  kill(): Promise<void>
  vsctl(...args: string[]): Promise<string>
  ofctl(...args: string[]): Promise<string>
  appctl(...args: string[]): Promise<string>
}

/** Starts ovsdb-server and ovs-vswitchd of the distribution in a folder of their own. They end when disposed, or with this process. */
export async function startTestSwitch({
  netns,
  schema = '/usr/share/openvswitch/vswitch.ovsschema',
}: TestSwitchOptions = {}): Promise<TestSwitch> {
  const server = await startOvsdbServer({ schema })
  const daemon = new RunningSwitch(server, netns)
  try {
    await daemon.vsctl('--no-wait', 'init')
    await daemon.start()
    return daemon
  } catch (error) {
    await daemon[Symbol.asyncDispose]()
    throw error
  }
}

class RunningSwitch implements TestSwitch {
  readonly server: TestServer
  readonly #netns: string | undefined
  #process: ChildProcess | undefined

  constructor(server: TestServer, netns: string | undefined) {
    this.server = server
    this.#netns = netns
  }

  get dir(): string {
    return this.server.dir
  }

  get remote(): string {
    return this.server.remote
  }

  async start(): Promise<void> {
    const files = [`--unixctl=${this.dir}/vswitchd.ctl`, `--log-file=${this.dir}/vswitchd.log`]
    const daemon = [
      'setpriv',
      '--pdeathsig',
      'KILL',
      'ovs-vswitchd',
      '--disable-system',
      '-vconsole:off',
      ...files,
      this.remote,
    ]
    const program = this.#netns === undefined ? 'unshare' : 'nsenter'
    const namespace = this.#netns === undefined ? '--net' : `--net=${this.#netns}`
    const child = spawn(program, [namespace, ...daemon], { cwd: this.dir, env: this.#environment(), stdio: 'ignore' })
    this.#process = child
    await waitUntil('ovs-vswitchd answers', async () => {
      if (child.exitCode !== null)
        throw new Error(`ovs-vswitchd exited with ${child.exitCode}, see ${this.dir}/vswitchd.log`)
      return (await this.appctl('version')) !== ''
    })
  }

  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    await endProcess(child)
  }

  vsctl(...args: string[]): Promise<string> {
    return this.#run('ovs-vsctl', `--db=${this.remote}`, '--timeout=20', ...args)
  }

  ofctl(...args: string[]): Promise<string> {
    return this.#run('ovs-ofctl', ...args)
  }

  appctl(...args: string[]): Promise<string> {
    return this.#run('ovs-appctl', '-t', `${this.dir}/vswitchd.ctl`, ...args)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await this.server[Symbol.asyncDispose]()
  }

  async #run(program: string, ...args: string[]): Promise<string> {
    const { stdout } = await execute(program, args, { env: this.#environment() })
    return stdout
  }

  #environment(): NodeJS.ProcessEnv {
    return { ...process.env, OVS_RUNDIR: this.dir, OVS_LOGDIR: this.dir, OVS_DBDIR: this.dir }
  }
}
