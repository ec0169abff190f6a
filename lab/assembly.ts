import { readFileSync } from 'node:fs'
import type { KubeClient } from '@ovnkit/kube'
import { kubeconfigText } from './control/kubeconfig.ts'
import {
  apiServerService,
  type ControlPlaneOptions,
  controllerManagerService,
  etcdService,
  schedulerService,
} from './control/kubernetes.ts'
import { databaseService, northdService } from './control/ovn.ts'
import { Pki } from './control/pki.ts'
import { lightKubeletService } from './light/service.ts'
import type { Machine } from './machine/machine.ts'
import type { Service } from './machine/service.ts'
import { kubeProxyService } from './node/kube-proxy.ts'
import { containerdService, type KubeletOptions, kubeletService, type RuntimeOptions } from './node/kubernetes.ts'
import { hasFreeNic, ovnControllerService, ovsdbService, switchService, vswitchdService } from './node/ovs.ts'
import { productImages } from './product/images.ts'
import { identityOf, programNames, programService, runsProduct } from './product/product.ts'
import { type Plan, planOf } from './state/plan.ts'
import type { Progress } from './state/progress.ts'
import { type LabRecord, labFolder, writeAtomically } from './state/record.ts'
import { ensureTools, type Tools } from './tools/ensure.ts'
import { ensureImages, type Image } from './tools/images/images.ts'
import { ensurePause } from './tools/images/pause.ts'
import { sandboxImage } from './tools/images/recipes.ts'
import { ensureDpdkSwitch, ensureNewerSwitch } from './tools/openvswitch.ts'
import { ensureOvn, type Ovn } from './tools/ovn.ts'
import { usualSets } from './tools/sets.ts'

/** Everything outside of the lab that its services are made from. */
export interface Parts {
  readonly tools: Tools
  readonly images: readonly Image[]
  /** The words that run ovs-vswitchd. */
  readonly vswitchd: readonly string[]
  readonly ovn: Ovn
  /** The static program that is every machine's init. */
  readonly pause: string
}

const switches: Record<LabRecord['openvswitch'], (progress: Progress) => Promise<string[]>> = {
  host: () => Promise.resolve(['ovs-vswitchd']),
  newer: ensureNewerSwitch,
  dpdk: ensureDpdkSwitch,
}

/** Finds or builds what a lab of this record needs. */
export async function ensureParts(
  { mode, images, kubeProxy, openvswitch, ovn }: LabRecord,
  progress: Progress,
): Promise<Parts> {
  const usual = usualSets.map(({ name }) => name)
  const tools = await ensureTools(progress, [
    ...(mode === 'light' ? ['kubernetes'] : usual),
    ...(images === 'conformance' ? ['e2e'] : []),
    ...(kubeProxy ? ['kube-proxy'] : []),
  ])
  return {
    tools,
    images: mode === 'full' ? await ensureImages(tools, progress, images) : [],
    vswitchd: await switches[openvswitch](progress),
    ovn: await ensureOvn(ovn, progress),
    pause: await ensurePause(),
  }
}

/** Which services each machine of a lab has, in the order in which they start. */
export class Assembly {
  readonly record: LabRecord
  readonly plan: Plan
  readonly parts: Parts
  readonly pki: Pki
  readonly #client: () => Promise<KubeClient>

  constructor(record: LabRecord, parts: Parts, client: () => Promise<KubeClient>) {
    this.record = record
    this.plan = planOf(record)
    this.parts = parts
    this.pki = new Pki(`${labFolder(record.name)}/pki`)
    this.#client = client
  }

  servicesOf(machine: Machine): readonly Service[] {
    if (machine.name === 'client') return []
    return machine.name === 'control' ? this.#controlServices(machine) : this.#nodeServices(machine)
  }

  #controlServices(machine: Machine): Service[] {
    const options = this.#controlPlaneOptions(machine)
    return [
      etcdService(options),
      apiServerService(options),
      ...(this.record.controllers ? [controllerManagerService(options), schedulerService(options)] : []),
      ...(this.record.product === 'images' && !this.record.central ? [] : this.#central(machine)),
      ...(runsProduct(this.record) ? [this.#program('controller', machine)] : []),
    ]
  }

  #central(machine: Machine): Service[] {
    const options = { listen: this.plan.anyAddress, ovn: this.parts.ovn, tls: this.record.tls }
    return [
      databaseService(machine, 'nb', options),
      databaseService(machine, 'sb', options),
      northdService(options.ovn),
    ]
  }

  #nodeServices(machine: Machine): Service[] {
    const full = this.record.mode === 'full'
    return [
      ovsdbService(machine),
      this.#switch(machine),
      ...(this.record.product === 'images' ? [] : [ovnControllerService(this.parts.ovn, this.record.tls)]),
      ...(full
        ? [containerdService(machine, this.runtimeOptions()), kubeletService(machine, this.#kubeletOptions(machine))]
        : [this.#lightKubelet(machine)]),
      ...(this.record.kubeProxy ? [this.#kubeProxy(machine)] : []),
      ...(runsProduct(this.record) ? [this.#program('agent', machine)] : []),
    ]
  }

  /** With the node's first NIC in a bridge, unless the product is to put it into one. */
  #switch(machine: Machine): Service {
    const words = this.parts.vswitchd
    if (hasFreeNic(this.record)) return switchService(machine, words)
    const addresses = this.plan.addressesOf(machine.name)
    return vswitchdService(machine, { words, addresses, datapath: this.record.datapath })
  }

  #lightKubelet(machine: Machine): Service {
    const { plan, parts } = this
    return lightKubeletService(machine, {
      addresses: plan.nodeAddresses(machine.name),
      zone: plan.zoneOf(machine.name),
      kubeconfig: this.#kubeconfig(machine.name),
      agnhost: parts.tools.path('agnhost'),
    })
  }

  runtimeOptions(): RuntimeOptions {
    const { tools, images } = this.parts
    return {
      tools: { containerd: tools.path('containerd'), ctr: tools.path('ctr'), kubelet: tools.path('kubelet') },
      path: tools.folders.join(':'),
      images: [...images.map(image => image.archive), ...(this.record.product === 'images' ? productImages() : [])],
      sandboxImage,
    }
  }

  #kubeletOptions(machine: Machine): KubeletOptions {
    return {
      ...this.runtimeOptions(),
      addresses: this.plan.nodeAddresses(machine.name),
      cgroup: `/${this.plan.cgroup}/${machine.name}`,
      clusterDns: this.plan.clusterDns,
      zone: this.plan.zoneOf(machine.name),
      kubeconfig: this.#kubeconfig(machine.name),
      authority: this.#read('ca.crt'),
    }
  }

  #kubeProxy(machine: Machine): Service {
    return kubeProxyService(machine, {
      program: this.parts.tools.path('kube-proxy'),
      kubeconfig: this.#kubeconfig('kube-proxy'),
      podCidr: this.record.podCidr,
    })
  }

  #program(program: (typeof programNames)[number], machine: Machine): Service {
    const kubeconfig = this.#kubeconfig(identityOf(program).name)
    return programService(program, { machine, record: this.record, plan: this.plan, kubeconfig })
  }

  #controlPlaneOptions(machine: Machine): ControlPlaneOptions {
    const { tools } = this.parts
    return {
      tools: {
        etcd: tools.path('etcd'),
        'kube-apiserver': tools.path('kube-apiserver'),
        'kube-controller-manager': tools.path('kube-controller-manager'),
        'kube-scheduler': tools.path('kube-scheduler'),
      },
      machine,
      address: this.plan.controlAddress,
      serviceCidr: this.record.serviceCidr,
      pki: this.pki,
      kubeconfig: name => this.#kubeconfig(name),
      client: this.#client,
      controllers: this.record.controllers,
    }
  }

  /** Certificates for everybody, and the administrator's kubeconfig. */
  async issueIdentities(): Promise<void> {
    const { plan, pki, record } = this
    await pki.init()
    const hosts = [
      'localhost',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
    ]
    await Promise.all([
      pki.issue({
        name: 'apiserver',
        commonName: 'kube-apiserver',
        hosts: [...hosts, '127.0.0.1', ...plan.kubernetesServices, ...plan.networks.map(({ control }) => control)],
      }),
      pki.issue({ name: 'sa', commonName: 'service-accounts' }),
      pki.issue({ name: 'admin', commonName: 'admin', organizations: ['system:masters'] }),
      pki.issue({ name: 'controller-manager', commonName: 'system:kube-controller-manager' }),
      pki.issue({ name: 'scheduler', commonName: 'system:kube-scheduler' }),
      pki.issue({ name: 'kube-proxy', commonName: 'system:kube-proxy' }),
      ...programNames.map(program => pki.issue(identityOf(program))),
      ...record.nodes.map(node =>
        pki.issue({ name: node, commonName: `system:node:${node}`, organizations: ['system:nodes'] }),
      ),
    ])
    writeAtomically(`${labFolder(record.name)}/kubeconfig`, this.#kubeconfig('admin'), 0o600)
  }

  #kubeconfig(name: string): string {
    return kubeconfigText(this.pki, name, this.plan.server, this.record.name)
  }

  #read(name: string): string {
    return readFileSync(this.pki.file(name), 'utf8')
  }
}
