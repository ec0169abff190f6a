import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { customResourceDefinitions, readConfig, type Subnet } from '@ovnkit/cni-api'
import { type CustomResourceDefinition, KubeClient, type Node, type Pod, resources } from '@ovnkit/kube'
import { type ControlPlane, type Daemon, startControlPlane, startDaemon } from '@ovnkit/kube/testing'
import { run, startOvsdbServer, type TestServer } from '@ovnkit/ovsdb/testing'
import { type Logger, silentLogger } from '@ovnkit/process'
import { freePort, waitUntil } from '@ovnkit/testing'
import { Controller } from '../controller.ts'
import { subnetResource } from '../resources.ts'

const execute = promisify(execFile)
const schemas = '/usr/share/ovn'

export interface WorldOptions {
  /** Also run ovn-northd between the databases. */
  readonly northd?: boolean
  /** Configuration, as the file would have it. */
  readonly settings?: object
  readonly logger?: Logger
  /** Live on the databases of that world, which must outlive this one. */
  readonly beside?: World
  /** Live on these databases, which must outlive it. */
  readonly databases?: { readonly nb: TestServer; readonly sb: TestServer }
}

/**
 * A real Kubernetes API server and real OVN databases, with nodes and pods that nobody runs, and the controller under test in this process. Everything is on
 * loopback or in a temporary folder and ends with `await using`.
 */
export class World implements AsyncDisposable {
  readonly kube: ControlPlane
  readonly nb: TestServer
  readonly sb: TestServer
  readonly northd: Daemon | undefined
  readonly #options: WorldOptions
  readonly #resources: AsyncDisposableStack
  readonly #folder: string
  readonly #requests = new Map<string, number>()
  #running: { controller: Controller; stop: () => Promise<void> } | undefined

  private constructor(
    parts: { kube: ControlPlane; nb: TestServer; sb: TestServer; folder: string; northd: Daemon | undefined },
    resources: AsyncDisposableStack,
    options: WorldOptions,
  ) {
    this.kube = parts.kube
    this.nb = parts.nb
    this.sb = parts.sb
    this.northd = parts.northd
    this.#folder = parts.folder
    this.#options = options
    this.#resources = resources
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    await using stack = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'ovnkit-controller-'))
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    const given = options.databases ?? options.beside
    const [kube, nb, sb] = await Promise.all([
      startControlPlane(),
      given?.nb ?? startOvsdbServer({ schema: `${schemas}/ovn-nb.ovsschema` }),
      given?.sb ?? startOvsdbServer({ schema: `${schemas}/ovn-sb.ovsschema` }),
    ])
    for (const one of given === undefined ? [kube, nb, sb] : [kube]) stack.use(one)
    const northd = options.northd === true ? stack.use(await startNorthd(folder, nb, sb)) : undefined
    const definitions = wireCrds()
    for (const one of definitions)
      await kube.client.create<CustomResourceDefinition>(resources.customResourceDefinitions, one)
    for (const { metadata } of definitions) await established(kube, metadata?.name ?? '')
    const world = new World({ kube, nb, sb, folder, northd }, stack.move(), options)
    return world
  }

  /** The controller that runs now. */
  get controller(): Controller {
    if (this.#running === undefined) throw new Error('no controller runs: call startController()')
    return this.#running.controller
  }

  /**
   * Starts a controller that leads at once.
   * @param settings other configuration than the world's
   */
  async startController(settings: object = {}): Promise<Controller> {
    const stop = new AbortController()
    const client = new KubeClient(this.kube.config, {
      userAgent: 'controller-under-test',
      onAttempt: ({ method }) => this.#requests.set(method, this.requests(method) + 1),
    })
    const controller = new Controller({
      config: readConfig({ file: await this.#configFile(settings), env: {} }),
      client,
      logger: this.#options.logger ?? silentLogger,
      signal: stop.signal,
    })
    const leading = controller.lead(stop.signal)
    await waitUntil(
      'the controller to lead',
      () => controller.session !== undefined || Promise.race([leading.then(() => false), false]),
    )
    this.#running = {
      controller,
      stop: async () => {
        stop.abort()
        await leading
        await controller[Symbol.asyncDispose]()
        client.close()
      },
    }
    return controller
  }

  /** How many requests of a method controllers have sent in this world. */
  requests(method: string): number {
    return this.#requests.get(method) ?? 0
  }

  async stopController(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    await running?.stop()
  }

  /** Starts the program as its own process, with its command line. It dies with this process. */
  async startProgram(name: string, ...flags: string[]): Promise<Program> {
    const port = await freePort()
    const main = new URL('../main.ts', import.meta.url).pathname
    const own = [
      `--config=${await this.#configFile()}`,
      `--kubeconfig=${this.kube.kubeconfig}`,
      '--metrics-bind-address=0',
    ]
    const daemon = await startDaemon({
      name,
      command: process.execPath,
      args: [main, ...own, `--health-probe-bind-address=127.0.0.1:${port}`, ...flags],
      log: join(this.#folder, `${name}.log`),
      env: { ...process.env, POD_NAME: name },
    })
    this.#resources.use(daemon)
    return {
      daemon,
      ask: path => ask(`http://127.0.0.1:${port}${path}`),
      log: () => readFile(join(this.#folder, `${name}.log`), 'utf8'),
    }
  }

  /** Waits until everything that was observed is decided and written. */
  async settled(): Promise<void> {
    await this.controller.session?.engine.settled()
  }

  /** Waits until a Subnet's status tells of all pods that have an address. Such a status may wait for its second, and would be written after a restart. */
  async counted(subnet = 'default'): Promise<void> {
    await waitUntil('the Subnet to be counted', async () => {
      const { status } = await this.kube.client.get(subnetResource, { name: subnet })
      const { items } = await this.kube.client.list(resources.pods)
      return status?.usedIPs === items.filter(({ metadata }) => metadata?.annotations?.['zstack.io/pod-ip']).length
    })
  }

  addNode(name: string, address: string): Promise<Node> {
    const status = { addresses: [{ type: 'InternalIP', address }], conditions: [{ type: 'Ready', status: 'True' }] }
    return this.kube.client
      .create(resources.nodes, { metadata: { name } })
      .then(() => this.kube.client.mergePatch(resources.nodes, { name }, { status }, { subresource: 'status' }))
  }

  addSubnet(name: string, spec: Subnet['spec']): Promise<Subnet> {
    return this.kube.client.create(subnetResource, { metadata: { name }, spec })
  }

  addPod(
    name: string,
    options: {
      node?: string
      annotations?: Record<string, string>
      namespace?: string
      labels?: Record<string, string>
      /** Numbers of container ports by their names. */
      ports?: Record<string, number>
    } = {},
  ): Promise<Pod> {
    const { node = 'n1', annotations = {}, namespace = 'default', labels = {}, ports: named = {} } = options
    const ports = Object.entries(named).map(([port, containerPort]) => ({ name: port, containerPort }))
    return this.kube.client.create(resources.pods, {
      metadata: { namespace, name, annotations, labels },
      spec: {
        nodeName: node,
        terminationGracePeriodSeconds: 0,
        automountServiceAccountToken: false,
        containers: [{ name: 'c', image: 'x', ports }],
      },
    })
  }

  deletePod(name: string, namespace = 'default'): Promise<void> {
    return this.kube.client.delete(resources.pods, { namespace, name }, { gracePeriodSeconds: 0 })
  }

  /** The pod's address by its annotation, when it has one. */
  podAddress(name: string, namespace = 'default'): Promise<string> {
    return waitUntil(`pod ${namespace}/${name} to have its address`, async () => {
      const pod = await this.kube.client.get(resources.pods, { namespace, name })
      return pod.metadata?.annotations?.['zstack.io/pod-ip']
    })
  }

  /** The Subnet, as soon as `condition` holds for it. */
  subnet(name: string, condition: (subnet: Subnet) => boolean, what = 'as expected'): Promise<Subnet> {
    return waitUntil(`Subnet ${name} to be ${what}`, async () => {
      const subnet = await this.kube.client.get(subnetResource, { name }).catch(() => undefined)
      return subnet !== undefined && condition(subnet) ? subnet : undefined
    })
  }

  nbctl(...args: string[]): Promise<string> {
    return run('ovn-nbctl', [`--db=${this.nb.remote}`, '--timeout=20', ...args])
  }

  sbctl(...args: string[]): Promise<string> {
    return run('ovn-sbctl', [`--db=${this.sb.remote}`, '--timeout=20', ...args])
  }

  /** Addresses of a logical port, by `ovn-nbctl`. */
  async portAddresses(port: string): Promise<string> {
    const text = await this.nbctl('--if-exists', 'get', 'Logical_Switch_Port', port, 'addresses')
    return text.trim().replace(/^\[|\]$|"/g, '')
  }

  /** Asks `ovn-trace` what becomes of a packet; the logical ports that it is delivered to are in the answer. */
  trace(network: string, microflow: string): Promise<string> {
    return run('ovn-trace', [`--db=${this.sb.remote}`, '--minimal', network, microflow])
  }

  /** What `ovn-trace` complains about while it reads all logical flows. */
  async traceErrors(network: string, microflow: string): Promise<string> {
    const { stderr } = await execute('ovn-trace', [`--db=${this.sb.remote}`, '--minimal', network, microflow])
    return stderr
  }

  northdLog(): Promise<string> {
    return readFile(join(this.#folder, 'northd.log'), 'utf8')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopController()
    await this.#resources.disposeAsync()
  }

  async #configFile(more: object = {}): Promise<string> {
    const file = join(this.#folder, 'config.yaml')
    const settings = { ovn: { nbdbAddress: this.nb.remote, sbdbAddress: this.sb.remote, reconnectInterval: '50ms' } }
    await writeFile(file, JSON.stringify(merge(merge(settings, this.#options.settings ?? {}), more)))
    return file
  }
}

/** The controller as a process. */
export interface Program {
  readonly daemon: Daemon
  /** What it answers over HTTP: status and text; 0 while it does not listen. */
  ask(path: string): Promise<{ status: number; text: string }>
  log(): Promise<string>
}

async function ask(url: string): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url)
    return { status: response.status, text: await response.text() }
  } catch {
    return { status: 0, text: '' }
  }
}

function merge(under: object, over: object): object {
  const merged: Record<string, unknown> = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = isObject(below) && isObject(value) ? merge(below, value) : value
  }
  return merged
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** The definitions as they go over the wire. */
function wireCrds(): CustomResourceDefinition[] {
  return Object.values(customResourceDefinitions({ ipFunctions: true })).map(one => JSON.parse(JSON.stringify(one)))
}

async function established({ client }: ControlPlane, name: string): Promise<void> {
  await waitUntil(`${name} to be served`, async () => {
    const { status } = await client.get(resources.customResourceDefinitions, { name })
    return status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') === true
  })
}

async function startNorthd(folder: string, nb: TestServer, sb: TestServer): Promise<Daemon> {
  const log = join(folder, 'northd.log')
  const daemon = await startDaemon({
    name: 'ovn-northd',
    command: 'ovn-northd',
    args: [`--ovnnb-db=${nb.remote}`, `--ovnsb-db=${sb.remote}`, `--unixctl=${folder}/northd.ctl`, '-vconsole:info'],
    log,
    env: { ...process.env, OVS_RUNDIR: folder, OVN_RUNDIR: folder, OVN_LOGDIR: folder },
  })
  await waitUntil('ovn-northd to connect', async () => (await readFile(log, 'utf8')).includes('connected'))
  return daemon
}
