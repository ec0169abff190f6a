import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ControlPlane } from '@ovnkit/kube/testing'
import { type TestNetns, testNetns } from '@ovnkit/linux/testing'
import { startTestSwitch, type TestSwitch } from '@ovnkit/ovs/testing'
import { startOvsdbServer, type TestServer } from '@ovnkit/ovsdb/testing'
import { endProcess } from '@ovnkit/testing'

const execute = promisify(execFile)

export interface TestNodeOptions {
  readonly plane: ControlPlane
  readonly name: string
  /** Keys of the configuration file beside those that the test needs. */
  readonly config?: Readonly<Record<string, unknown>>
  /** The plugin's executable, for the agent to install. */
  readonly plugin?: string
  /** What to run: the sources, or a bundle. */
  readonly program?: string
}

/** Address of the node inside its namespace. */
export const nodeAddress = '192.0.2.1'

/**
 * A node in a network namespace of its own: real Open vSwitch (userspace) and OVN, a Node in the API, and the agent as a
 * process inside. The test plays the controller: it writes the Northbound database and annotations.
 */
export class TestNode implements AsyncDisposable {
  readonly name: string
  readonly folder: string
  readonly netns: TestNetns
  readonly #options: TestNodeOptions
  readonly #stack = new AsyncDisposableStack()
  switch!: TestSwitch
  northbound!: TestServer
  southbound!: TestServer
  #agent: ChildProcess | undefined
  #controller: ChildProcess | undefined
  #apiPort = 0

  private constructor(options: TestNodeOptions) {
    this.#options = options
    this.name = options.name
    this.folder = mkdtempSync(join(tmpdir(), 'ovnkit-node-'))
    this.#stack.defer(() => rmSync(this.folder, { recursive: true, force: true }))
    this.netns = this.#stack.use(testNetns('ovnkit-node'))
  }

  static async start(options: TestNodeOptions): Promise<TestNode> {
    const node = new TestNode(options)
    try {
      await node.#start()
      return node
    } catch (error) {
      await node[Symbol.asyncDispose]()
      throw error
    }
  }

  get socket(): string {
    return join(this.folder, 'run', 'cni-server.sock')
  }

  get conflist(): string {
    return join(this.folder, 'net.d', '10-zstack-ovn.conflist')
  }

  get agentPid(): number | undefined {
    return this.#agent?.pid
  }

  log(): string {
    return readFileSync(join(this.folder, 'agent.log'), 'utf8')
  }

  /** Command lines of all child processes that agents of this node have started. */
  children(): readonly string[] {
    return existsSync(this.#children) ? readFileSync(this.#children, 'utf8').split('\n').slice(0, -1) : []
  }

  get #children(): string {
    return join(this.folder, 'children')
  }

  /** CNI commands that the agent works on, by its metrics. */
  async requestsInFlight(): Promise<number> {
    const text = await this.netns.exec('curl', '-s', 'http://127.0.0.1:8082/metrics')
    return Number(/^zstack_ovn_kubernetes_cni_requests_in_flight (\d+)/m.exec(text)?.[1] ?? Number.NaN)
  }

  nbctl(...args: string[]): Promise<string> {
    return run('ovn-nbctl', [`--db=${this.northbound.remote}`, ...args])
  }

  sbctl(...args: string[]): Promise<string> {
    return run('ovn-sbctl', [`--db=${this.southbound.remote}`, ...args])
  }

  async startAgent(): Promise<void> {
    const { plugin = '/nonexistent', program = new URL('./main.ts', import.meta.url).pathname } = this.#options
    const args = [
      ...['--config', this.#writeConfig(), '--kubeconfig', await this.#kubeconfig(), '--node-name', this.name],
      ...['--metrics-bind-address', '127.0.0.1:8082', '--health-probe-bind-address', '127.0.0.1:8083'],
      ...['--plugin', plugin],
    ]
    const preload = new URL('./spawned.testing.ts', import.meta.url).pathname
    this.#agent = this.#spawn('agent', process.execPath, ['--import', preload, program, ...args])
  }

  /** Ends the agent as the kernel would. */
  async killAgent(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await endProcess(this.#agent, signal)
    this.#agent = undefined
  }

  async startOvnController(): Promise<void> {
    this.#controller = this.#spawn('ovn-controller', 'ovn-controller', [this.switch.remote])
  }

  async killOvnController(): Promise<void> {
    await endProcess(this.#controller)
    this.#controller = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAgent()
    await this.killOvnController()
    await this.#stack.disposeAsync()
  }

  async #start(): Promise<void> {
    await this.netns.exec('ip', 'link', 'set', 'lo', 'up')
    this.switch = this.#stack.use(await startTestSwitch({ netns: this.netns.path }))
    this.northbound = this.#stack.use(await startOvsdbServer({ schema: '/usr/share/ovn/ovn-nb.ovsschema' }))
    this.southbound = this.#stack.use(await startOvsdbServer({ schema: '/usr/share/ovn/ovn-sb.ovsschema' }))
    await this.switch.vsctl('--', 'add-br', 'br-phy', '--', 'set', 'Bridge', 'br-phy', 'datapath_type=netdev')
    await this.netns.exec('ip', 'address', 'add', `${nodeAddress}/24`, 'dev', 'br-phy')
    await this.netns.exec('ip', 'link', 'set', 'br-phy', 'up')
    await this.#startNorthd()
    await this.#relayApi()
    await this.startOvnController()
  }

  async #startNorthd(): Promise<void> {
    const args = [`--ovnnb-db=${this.northbound.remote}`, `--ovnsb-db=${this.southbound.remote}`]
    const northd = this.#spawn('ovn-northd', 'ovn-northd', [...args, `--unixctl=${this.folder}/northd.ctl`])
    this.#stack.defer(() => endProcess(northd))
  }

  /** The API server listens on the machine's loopback: a relay carries connections over from the namespace's own. */
  async #relayApi(): Promise<void> {
    const { hostname, port } = new URL(this.#options.plane.server)
    const path = join(this.folder, 'api.sock')
    const bridge = createServer(socket => join2(socket, connect(Number(port), hostname)))
    bridge.listen(path)
    await once(bridge, 'listening')
    this.#stack.defer(() => closeServer(bridge))
    this.#apiPort = 6443
    const script = `const n = require('node:net'); n.createServer(a => { const b = n.connect(${JSON.stringify(path)});
      a.pipe(b).pipe(a); a.on('error', () => b.destroy()); b.on('error', () => a.destroy()); }).listen(6443, '127.0.0.1')`
    const relay = this.#spawn('relay', process.execPath, ['-e', script])
    this.#stack.defer(() => endProcess(relay))
  }

  async #kubeconfig(): Promise<string> {
    const { plane } = this.#options
    const user = { name: 'admin', cert: plane.cert, key: plane.key }
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
      clusters: [
        {
          name: 'test',
          cluster: { server: `https://127.0.0.1:${this.#apiPort}`, 'certificate-authority': plane.ca },
        },
      ],
      users: [{ name: user.name, user: { 'client-certificate': user.cert, 'client-key': user.key } }],
    }
    const path = join(this.folder, 'kubeconfig')
    writeFileSync(path, JSON.stringify(config))
    return path
  }

  #writeConfig(): string {
    const path = join(this.folder, 'config.yaml')
    const config = {
      ovn: { sbdbAddress: this.southbound.remote, nbdbAddress: this.northbound.remote },
      network: { clusterCIDR: '10.244.0.0/16,fd00:10:244::/64', serviceCIDR: '10.96.0.0/16,fd00:10:96::/112' },
      tunnel: { type: 'geneve' },
      ovs: { database: this.switch.remote, datapathType: 'netdev' },
      cni: {
        socketPath: this.socket,
        confDir: join(this.folder, 'net.d'),
        binDir: join(this.folder, 'bin'),
        timeout: '10s',
      },
      logging: { level: 'debug' },
      ...this.#options.config,
    }
    mkdirSync(join(this.folder, 'run'), { recursive: true })
    writeFileSync(path, JSON.stringify(config))
    return path
  }

  #spawn(name: string, program: string, args: readonly string[]): ChildProcess {
    const rooms = { OVS_RUNDIR: this.switch.dir, OVN_RUNDIR: this.folder, OVN_LOGDIR: this.folder }
    const env = { ...process.env, ...rooms, CHILDREN: this.#children }
    const script = `exec "$@" >>${this.folder}/${name}.log 2>&1`
    const command = [
      `--net=${this.netns.path}`,
      'setpriv',
      '--pdeathsig',
      'KILL',
      'sh',
      '-c',
      script,
      name,
      program,
      ...args,
    ]
    return spawn('nsenter', command, { stdio: 'ignore', env })
  }
}

async function run(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(program, ['--timeout=20', ...args], { maxBuffer: 1 << 26 })
  return stdout.trim()
}

function join2(a: import('node:net').Socket, b: import('node:net').Socket): void {
  a.pipe(b).pipe(a)
  a.on('error', () => b.destroy())
  b.on('error', () => a.destroy())
}

async function closeServer(server: Server): Promise<void> {
  server.close()
  await Promise.resolve()
}
