import { existsSync, readFileSync, rmSync } from 'node:fs'
import { KubeClient as Client, type KubeClient, loadKubeConfig } from '@ovnkit/kube'
import { Assembly, ensureParts } from './assembly.ts'
import { cut, heal } from './machine/fabric.ts'
import { initOf, type Machine, machineAt, runIn, tryIn } from './machine/machine.ts'
import { processOf, type Service, startService, stopService } from './machine/service.ts'
import type { ProcessIdentity } from './state/identity.ts'
import { type Plan, planOf } from './state/plan.ts'
import { silentProgress } from './state/progress.ts'
import { type LabRecord, labFolder, labNames, loadRecord } from './state/record.ts'
import type { RunOptions, RunResult } from './state/run.ts'

/** A lab that exists: its machines, addresses and what can be done to them. */
export class Lab {
  readonly record: LabRecord
  readonly plan: Plan
  readonly folder: string
  readonly control: Machine
  /** On the nodes' network, and not of the cluster: what comes from outside comes from here. */
  readonly outsider: Machine
  #client: Promise<KubeClient> | undefined

  constructor(record: LabRecord) {
    this.record = record
    this.plan = planOf(record)
    this.folder = labFolder(record.name)
    this.control = machineAt(this.folder, 'control')
    this.outsider = machineAt(this.folder, 'client')
  }

  get name(): string {
    return this.record.name
  }

  /** Names of the nodes: n1, n2, ... */
  get nodes(): readonly string[] {
    return this.record.nodes
  }

  /** Path of the administrator's kubeconfig; it holds everything itself. */
  get kubeconfig(): string {
    return `${this.folder}/kubeconfig`
  }

  /** `tcp:address:port` (or `ssl:`) of the northbound database, reachable from the host and from every node. */
  get nb(): string {
    return this.plan.nb
  }

  get sb(): string {
    return this.plan.sb
  }

  /** The machine of a node, or `control` or `client`. */
  machine(name: string): Machine {
    if (name === 'control') return this.control
    if (name === 'client') return this.outsider
    this.plan.nodeAddress(name)
    return machineAt(this.folder, name)
  }

  get machines(): readonly Machine[] {
    return [this.control, this.outsider, ...this.nodes.map(name => this.machine(name))]
  }

  /** The administrator's client; one per Lab, closed with it. */
  client(): Promise<KubeClient> {
    this.#client ??= loadKubeConfig({ kubeconfig: this.kubeconfig }).then(
      config => new Client(config, { userAgent: 'ovnkit-lab' }),
    )
    return this.#client
  }

  /** Runs a command that must succeed on a machine; its standard output. */
  exec(machine: string, argv: readonly string[], options?: RunOptions): Promise<string> {
    return runIn(this.machine(machine), argv, options)
  }

  /** Runs a command on a machine, whatever its exit code. */
  tryExec(machine: string, argv: readonly string[], options?: RunOptions): Promise<RunResult> {
    return tryIn(this.machine(machine), argv, options)
  }

  /** What runs as `service` on a machine, for measuring it. */
  process(machine: string, service: string): ProcessIdentity | undefined {
    return processOf(this.machine(machine), service)
  }

  /** Ends one service (SIGKILL unless said otherwise); it stays down until started. False when it was down. */
  async kill(machine: string, service: string, how?: NodeJS.Signals): Promise<boolean> {
    await this.service(machine, service)
    return stopService(this.machine(machine), service, how)
  }

  async start(machine: string, service: string): Promise<void> {
    await startService(this.machine(machine), await this.service(machine, service))
  }

  async restart(machine: string, service: string, how?: NodeJS.Signals): Promise<void> {
    await this.kill(machine, service, how)
    await this.start(machine, service)
  }

  /** A service by name; throws with the names that exist. */
  async service(machine: string, name: string): Promise<Service> {
    const services = (await this.assembly()).servicesOf(this.machine(machine))
    const found = services.find(service => service.name === name)
    if (found !== undefined) return found
    throw new Error(`${machine} has no service ${name}; it has ${services.map(service => service.name).join(', ')}`)
  }

  async assembly(): Promise<Assembly> {
    return new Assembly(this.record, await ensureParts(this.record, silentProgress), () => this.client())
  }

  cut(node: string, peer?: string): Promise<unknown> {
    this.machine(node)
    if (peer !== undefined) this.machine(peer)
    return cut(this.control, node, peer)
  }

  heal(): Promise<void> {
    return heal(this.control, this.nodes)
  }

  /** State of every machine and service. */
  async status(): Promise<MachineStatus[]> {
    const assembly = await this.assembly()
    return this.machines.map(machine => ({
      machine: machine.name,
      init: initOf(machine)?.pid,
      services: assembly.servicesOf(machine).map(({ name }) => ({ name, pid: processOf(machine, name)?.pid })),
    }))
  }

  async close(): Promise<void> {
    ;(await this.#client)?.close()
    this.#client = undefined
  }
}

export interface MachineStatus {
  readonly machine: string
  /** undefined: off. */
  readonly init: number | undefined
  readonly services: readonly { readonly name: string; readonly pid: number | undefined }[]
}

/** Opens a lab that exists. */
export function openLab(name: string): Lab {
  const record = loadRecord(name)
  if (record !== undefined) return new Lab(record)
  const names = labNames()
  throw new Error(
    `there is no lab ${name}${names.length === 0 ? '' : ` (there is ${names.join(', ')})`}: make one with \`lab up\``,
  )
}

/** Whether anything is mounted below a folder in this process's own mount namespace. */
function mountsBelow(folder: string): string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[4] ?? '')
  return points.filter(point => point === folder || point.startsWith(`${folder}/`))
}

/** Removes a folder of the lab's own. Refuses while something is mounted below: it would be emptied too. */
export function removeFolder(folder: string): void {
  if (!existsSync(folder)) return
  const mounts = mountsBelow(folder)
  if (mounts.length > 0)
    throw new Error(`${folder} is not removed: ${mounts.join(', ')} is mounted there; unmount it first`)
  rmSync(folder, { recursive: true, force: true })
}
