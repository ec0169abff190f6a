import { existsSync } from 'node:fs'
import { type OvnNames, type PodNetwork, podPortName } from '@ovnkit/cni-api'
import { type AgentRequest, type CniResult, cniErrors } from '@ovnkit/cni-api/agent-socket'
import type { Netlink } from '@ovnkit/linux'
import type { Logger } from '@ovnkit/process'
import type { LocalDatabase } from '../facts/switch.ts'
import type { Assigned, Assignments, PodRef } from '../sandbox/assignment.ts'
import type { Attachments } from '../sandbox/attachments.ts'
import { checkSandbox } from '../sandbox/check.ts'
import type { LinkOptions } from '../sandbox/link.ts'
import { routesOf } from '../sandbox/link.ts'
import { portName, type Sandbox, type SandboxId, sandboxKey } from '../sandbox/sandbox.ts'
import type { VhostPort } from '../vhost/port.ts'
import { CniError } from './cni-error.ts'
import { Turns } from './turns.ts'

export interface CommandsOptions {
  readonly names: OvnNames
  readonly database: LocalDatabase
  readonly netlink: Netlink
  readonly assignments: Assignments
  readonly attachments: Attachments
  /** How pods' interfaces are made, as soon as that is known. */
  readonly linkOptions: (signal: AbortSignal) => Promise<LinkOptions>
  /** The vhost-user port of a pod that is to have one; throws CniError where it asks for one and the node has none. */
  readonly vhost: (id: SandboxId & { readonly podUid: string }, pod: Assigned, mtu: number) => VhostPort | undefined
  /** Resolves when the network of a Subnet can be reached from this node. */
  readonly placed: (subnet: string | undefined, signal: AbortSignal) => Promise<void>
  /** Resolves to false where somebody else has the pod's address: then it will be given another. */
  readonly vacant: (pod: PodRef, assigned: Assigned, signal: AbortSignal) => Promise<boolean>
  /** Resolves when it is known whether the database can be reached. */
  readonly connected: Promise<void>
  /** Why pods cannot be served, before the first time that they could. */
  readonly notInitialized: () => string | undefined
  readonly logger: Logger
}

/** The commands of CNI, as the agent carries them out. */
export class Commands {
  readonly #options: CommandsOptions
  readonly #turns = new Turns()

  constructor(options: CommandsOptions) {
    this.#options = options
  }

  add(request: AgentRequest, signal: AbortSignal): Promise<CniResult> {
    const id = sandboxOf(request)
    return this.#turns.run(sandboxKey(id), signal, async own => {
      const { attachments } = this.#options
      const assigned = await this.#settle(podOf(request), own)
      const { uid, network } = assigned
      const options = await this.#options.linkOptions(own)
      await this.#options.connected
      const vhost = this.#options.vhost({ ...id, podUid: uid }, assigned, options.mtu)
      const sandbox = { ...this.#sandbox(request, uid, network), ...(vhost !== undefined && { vhost }) }
      await attachments.attach(sandbox, options, own)
      return resultOf(sandbox)
    })
  }

  /** An ADD of the same sandbox that is still under way is given up first. */
  del(request: AgentRequest, signal: AbortSignal): Promise<null> {
    const id = sandboxOf(request)
    return this.#turns.takeOver(sandboxKey(id), signal, async () => {
      await this.#options.connected
      await this.#options.attachments.detach(id)
      return null
    })
  }

  /** The network that the pod is to have, and that nobody else has. */
  async #settle(pod: PodRef, signal: AbortSignal): Promise<Assigned> {
    const { assignments, placed, vacant } = this.#options
    for (;;) {
      const assigned = await assignments.wait(pod, signal)
      if (assigned.problem !== undefined) throw new CniError(cniErrors.invalidConfig, assigned.problem)
      await placed(assigned.subnet, signal)
      if (await vacant(pod, assigned, signal)) return assigned
    }
  }

  #sandbox(request: AgentRequest, podUid: string, network: PodNetwork): Sandbox {
    const { namespace, name } = podOf(request)
    return {
      ...sandboxOf(request),
      netns: request.netns ?? '',
      namespace,
      pod: name,
      podUid,
      network,
      logicalPort: this.#options.names.of(podPortName(namespace, name)),
    }
  }

  async check(request: AgentRequest, signal: AbortSignal): Promise<null> {
    const { assignments, database, netlink } = this.#options
    const pod = podOf(request)
    const { uid, network } = await assignments.wait(pod, signal)
    const sandbox = this.#sandbox(request, uid, network)
    const { mtu } = await this.#options.linkOptions(signal)
    await this.#options.connected
    const problems = await checkSandbox(database, netlink, sandbox, mtu)
    if (problems.length === 0) return null
    throw new CniError(cniErrors.checkFailed, problems.join('; '), `pod ${pod.namespace}/${pod.name}`)
  }

  async gc({ config }: AgentRequest): Promise<null> {
    const valid = config['cni.dev/valid-attachments']
    if (!Array.isArray(valid)) {
      throw new CniError(cniErrors.invalidConfig, 'GC needs cni.dev/valid-attachments in the configuration')
    }
    const listed = valid.map(({ containerID, ifname }) => sandboxKey({ containerId: containerID, ifName: ifname }))
    // The list was made before what is under way now.
    const keys = new Set([...listed, ...this.#turns.keys()])
    const gone = await this.#options.attachments.keepOnly(keys)
    if (gone.length > 0) this.#options.logger.info({ count: gone.length }, 'removed attachments that no sandbox has')
    return null
  }

  /** Good from the first time on that pods could be served: an outage of API or databases must not make the node NotReady. */
  async status(): Promise<null> {
    const problem = this.#options.notInitialized()
    if (problem !== undefined) throw new CniError(cniErrors.notAvailable, 'the network is not set up yet', problem)
    return null
  }

  /** After a start: ports in the database whose sandboxes went with a reboot. */
  async sweep(): Promise<void> {
    const gone = await this.#options.attachments.sweepLeftovers(path => path !== '' && existsSync(path))
    if (gone.length > 0) this.#options.logger.info({ count: gone.length }, 'removed ports of sandboxes that are gone')
  }
}

function sandboxOf({ containerID = '', ifName = '' }: AgentRequest): SandboxId {
  if (containerID === '' || ifName === '') {
    throw new CniError(cniErrors.badEnvironment, 'expected a container ID and the name of an interface')
  }
  return { containerId: containerID, ifName }
}

function podOf({ podNamespace = '', podName = '', podUID = '' }: AgentRequest): PodRef {
  if (podNamespace === '' || podName === '') {
    throw new CniError(cniErrors.badEnvironment, 'expected K8S_POD_NAMESPACE and K8S_POD_NAME in CNI_ARGS')
  }
  return { namespace: podNamespace, name: podName, uid: podUID }
}

/** CNI 1.0.0, "ADD Success". */
function resultOf(sandbox: Sandbox): CniResult {
  const { network, ifName, netns } = sandbox
  return {
    interfaces: [
      { name: portName(sandbox), mac: '' },
      { name: ifName, mac: network.mac, sandbox: netns },
    ],
    ips: ipsOf(network),
    routes: routesOf(network).map(({ destination, nextHop }) => ({ dst: destination.text, gw: nextHop })),
    dns: {},
  }
}

function ipsOf({ addresses, gateways }: PodNetwork): CniResult['ips'] {
  return addresses.map(({ ip, prefixLength }) => {
    const gateway = gateways.find(each => each.includes(':') === ip.includes(':'))
    return { address: `${ip}/${prefixLength}`, ...(gateway && { gateway }), interface: 1 }
  })
}
