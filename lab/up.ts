import { existsSync } from 'node:fs'
import { resources } from '@ovnkit/kube'
import { Assembly, ensureParts } from './assembly.ts'
import { certify, firstCertification, hostTlsFolder } from './control/tls.ts'
import type { Lab } from './lab.ts'
import { makeCgroup } from './machine/cgroup.ts'
import { layFabric, plugIn, plugInPlain } from './machine/fabric.ts'
import { boot } from './machine/machine.ts'
import { startService } from './machine/service.ts'
import { importImages, installPlugins } from './node/kubernetes.ts'
import { chooseDatapath, chooseDpdk, hasFreeNic, joinOvn } from './node/ovs.ts'
import { applyManifests, installPlugin, runsProduct } from './product/product.ts'
import type { Progress } from './state/progress.ts'
import { waitFor } from './state/wait.ts'

/** Starts everything of a lab that does not run, as much side by side as its parts allow. What runs stays as it is. */
export class Starter {
  readonly #lab: Lab
  readonly #assembly: Assembly
  readonly #progress: Progress

  private constructor(lab: Lab, assembly: Assembly, progress: Progress) {
    this.#lab = lab
    this.#assembly = assembly
    this.#progress = progress
  }

  static async of(lab: Lab, progress: Progress): Promise<Starter> {
    const parts = await ensureParts(lab.record, progress)
    return new Starter(lab, new Assembly(lab.record, parts, () => lab.client()), progress)
  }

  async up(): Promise<void> {
    const { nodes } = this.#lab
    await this.#progress.step('machines and certificates', async () => {
      await Promise.all([
        this.#assembly.issueIdentities(),
        ...this.#lab.machines.map(machine => this.#boot(machine.name)),
      ])
      const { control, outsider, plan } = this.#lab
      await layFabric(control, plan)
      await plugInPlain(
        control,
        outsider,
        plan.networks.map(network => [network, network.client] as const),
      )
    })
    if (this.#lab.record.tls) await this.#progress.step('certificates of OVN', () => this.#certify())
    const api = this.#controlPlane()
    const central = this.#services('control', ['nb', 'sb', 'northd'])
    const product = Promise.all([api, central]).then(() => this.#installProduct())
    await Promise.all([product, ...nodes.map(node => this.#startNode(node, api, product))])
  }

  /** Starts one node of a lab that is up. */
  async startNode(node: string): Promise<void> {
    await this.#boot(node)
    await this.#startNode(node, Promise.resolve(), Promise.resolve())
  }

  async #boot(name: string): Promise<void> {
    await boot(this.#lab.machine(name), this.#assembly.parts.pause)
  }

  /** Once: later on everybody has what was given to him. */
  async #certify(): Promise<void> {
    const { name, machines } = this.#lab
    if (existsSync(hostTlsFolder(name))) return
    for (const machine of [...machines, 'host'] as const) await certify(name, machine, firstCertification)
  }

  async #controlPlane(): Promise<void> {
    await this.#services('control', ['etcd', 'apiserver'])
    await this.#services('control', ['controller-manager', 'scheduler'])
  }

  async #installProduct(): Promise<void> {
    if (!runsProduct(this.#lab.record)) return
    const kubectl = this.#assembly.parts.tools.path('kubectl')
    await this.#progress.step("the product's definitions", () => applyManifests(kubectl, this.#lab.kubeconfig))
    await this.#services('control', ['controller'])
  }

  async #startNode(node: string, api: Promise<unknown>, product: Promise<unknown>): Promise<void> {
    const { control, plan, record } = this.#lab
    const machine = this.#lab.machine(node)
    if (hasFreeNic(record)) await plugInPlain(control, machine, plan.addressesOf(node))
    else await plugIn(control, machine)
    const network = this.#startSwitch(node)
    // A kubelet binds to its node's address, which the switch has; on a real machine it starts after the network is up, too.
    await Promise.all([this.#startOvn(node, network, product), this.#startRuntime(node, network, api)])
  }

  /** Open vSwitch, with the node's address. */
  async #startSwitch(node: string): Promise<void> {
    const machine = this.#lab.machine(node)
    const { record, plan } = this.#lab
    await this.#services(node, ['ovsdb-server'])
    await chooseDatapath(machine, record.datapath)
    if (record.openvswitch === 'dpdk') await chooseDpdk(machine)
    if (record.product === 'none')
      await joinOvn(machine, { sb: plan.sb, tunnel: record.tunnel, address: plan.nodeAddress(node) })
    await this.#services(node, ['ovs-vswitchd'])
  }

  /** OVN and the product's agent. */
  async #startOvn(node: string, network: Promise<unknown>, product: Promise<unknown>): Promise<void> {
    await network
    await this.#services(node, ['ovn-controller'])
    if (!runsProduct(this.#lab.record)) return
    installPlugin(this.#lab.machine(node))
    await product
    await this.#services(node, ['agent'])
  }

  async #startRuntime(node: string, network: Promise<unknown>, api: Promise<unknown>): Promise<void> {
    if (this.#lab.record.mode === 'light') {
      await network
      await api
      return this.#services(node, ['kubelet', 'kube-proxy'])
    }
    const machine = this.#lab.machine(node)
    const options = this.#assembly.runtimeOptions()
    makeCgroup(`${this.#lab.plan.cgroup}/${node}`)
    installPlugins(
      machine,
      ['loopback', 'portmap', 'bandwidth'].map(name => this.#assembly.parts.tools.path(name)),
    )
    await this.#services(node, ['containerd'])
    await this.#progress.step(`${node}: images`, () => importImages(machine, options))
    await network
    await api
    await this.#services(node, ['kubelet', 'kube-proxy'])
  }

  /** Starts those of the named services that the machine has, one after another. */
  async #services(name: string, wanted: readonly string[]): Promise<void> {
    const machine = this.#lab.machine(name)
    for (const service of this.#assembly.servicesOf(machine)) {
      if (wanted.includes(service.name))
        await this.#progress.step(`${name}: ${service.name}`, () => startService(machine, service))
    }
  }
}

/** Waits until every node of a lab reports Ready. */
export async function waitForNodes(lab: Lab, within: number): Promise<void> {
  const client = await lab.client()
  await waitFor(
    async () => {
      const { items } = await client.list(resources.nodes)
      const ready = items.filter(node =>
        node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
      )
      if (ready.length >= lab.nodes.length) return true
      throw new Error(`${ready.length} of ${lab.nodes.length} are`)
    },
    { what: 'Ready on every node', within, every: 200 },
  )
}
