import { randomBytes, randomUUID } from 'node:crypto'
import {
  annotationNames,
  customResourceDefinitions,
  formatPodNetworks,
  mirrorAnnotation,
  podPortName,
  type Subnet,
  subnets,
} from '@ovnkit/cni-api'
import { runPlugin } from '@ovnkit/cni-plugin/testing'
import { type Cidr, hostAddress, type IpAddress, type Mac, macFromIp, parseCidr } from '@ovnkit/inet'
import { type CustomResourceDefinition, type Node, type Pod, resources } from '@ovnkit/kube'
import type { ControlPlane } from '@ovnkit/kube/testing'
import { type TestNetns, testNetns } from '@ovnkit/linux/testing'
import { waitUntil } from '@ovnkit/testing'
import { nodeAddress, type TestNode } from './testing.ts'

/** A pod as a test knows it: its object, its address, and the sandbox that it has now. */
export interface TestPod extends Disposable {
  readonly name: string
  /** As the kubelet calls it. */
  readonly uid: string
  readonly ip: IpAddress
  readonly ip6: IpAddress
  readonly mac: Mac
  netns: TestNetns
  containerId: string
  /** Parameters that a container runtime gives the plugin. */
  env(changes?: Record<string, string>): Record<string, string>
  /** Another sandbox of the same pod. */
  renew(): void
}

export interface PodOptions {
  readonly name?: string
  /** Do not assign an address yet. */
  readonly unassigned?: boolean
  /** Make it the mirror of a static pod. */
  readonly configHash?: string
  readonly annotations?: Record<string, string>
}

/** Plays API user and controller for one node: objects in the API, and what the controller would put into NB. */
export class TestCluster {
  readonly plane: ControlPlane
  readonly range: Cidr = parseCidr('10.244.0.0/16')
  readonly range6: Cidr = parseCidr('fd00:10:244::/64')
  #count = 10

  private constructor(plane: ControlPlane) {
    this.plane = plane
  }

  /** The CRD, a Subnet, and the Node with its address in the join network. */
  static async prepare(plane: ControlPlane, node: string): Promise<TestCluster> {
    const { client } = plane
    // The manifest as data: the library's type wants what the API server fills in.
    for (const crd of Object.values<unknown>(customResourceDefinitions())) {
      await client.apply(resources.customResourceDefinitions, crd as CustomResourceDefinition, {
        fieldManager: 'test',
        force: true,
      })
    }
    const spec = {
      cidr: '10.244.0.0/16,fd00:10:244::/64',
      gateway: '10.244.0.1,fd00:10:244::1',
      protocol: 'Dual',
    } as const
    const subnet: Subnet = { metadata: { name: 'default' }, spec }
    await waitUntil('Subnets can be created', () =>
      client.create(subnets, subnet).then(
        () => true,
        () => false,
      ),
    )
    const { joinAddress, tunnelType } = annotationNames.node
    const annotations = { [joinAddress]: '100.64.0.2/16,fd98::2/64', [tunnelType]: 'vxlan' }
    await client.create<Node>(resources.nodes, { metadata: { name: node, annotations } })
    const addresses = [{ type: 'InternalIP', address: nodeAddress }]
    await client.patchStatus(resources.nodes, { name: node }, { addresses })
    return new TestCluster(plane)
  }

  /** Router, switches and the management port, as the controller would make them. */
  async prepareNetwork(node: TestNode): Promise<void> {
    const commands = [
      'lr-add cluster',
      'lrp-add cluster cluster-default 0a:58:0a:f4:00:01 10.244.0.1/16 fd00:10:244::1/64',
      'lrp-add cluster cluster-join 0a:58:64:40:00:01 100.64.0.1/16 fd98::1/64',
      'ls-add subnet-default',
      'lsp-add subnet-default default-cluster',
      'lsp-set-type default-cluster router',
      'lsp-set-addresses default-cluster router',
      'lsp-set-options default-cluster router-port=cluster-default',
      'ls-add join',
      'lsp-add join join-cluster',
      'lsp-set-type join-cluster router',
      'lsp-set-addresses join-cluster router',
      'lsp-set-options join-cluster router-port=cluster-join',
      `lsp-add join node-${node.name}`,
      `lsp-set-addresses node-${node.name} "0a:58:64:40:00:02 100.64.0.2 fd98::2"`,
    ]
    await node.nbctl(...commands.flatMap(command => ['--', ...words(command)]).slice(1))
  }

  /** A pod on the node, with its port in NB and its annotation. */
  async pod(
    node: TestNode,
    { name = `p${this.#count}`, unassigned = false, configHash, annotations = {} }: PodOptions = {},
  ): Promise<TestPod> {
    const number = this.#count++
    const ip = hostAddress(this.range, number)
    const ip6 = hostAddress(this.range6, number)
    const mac = macFromIp(ip)
    const created = await this.plane.client.create<Pod>(resources.pods, {
      metadata: {
        name,
        namespace: 'default',
        annotations: { ...annotations, ...(configHash !== undefined && { [mirrorAnnotation]: configHash }) },
      },
      spec: { nodeName: node.name, containers: [{ name: 'c', image: 'none' }] },
    })
    const uid = configHash ?? created.metadata?.uid ?? ''
    const pod = new RunningPod({ name, uid, ip, ip6, mac })
    if (!unassigned) await this.assign(node, pod)
    return pod
  }

  /** What the controller does for a pod. */
  async assign(node: TestNode, pod: TestPod): Promise<void> {
    const port = podPortName('default', pod.name)
    await node.nbctl(
      ...['--may-exist', 'lsp-add', 'subnet-default', port],
      ...['--', 'lsp-set-addresses', port, `${pod.mac} ${pod.ip} ${pod.ip6}`],
      ...['--', 'lsp-set-options', port, `iface-id-ver=${pod.uid}`],
    )
    const network = formatPodNetworks({
      addresses: [
        { ip: pod.ip, prefixLength: 16 },
        { ip: pod.ip6, prefixLength: 64 },
      ],
      mac: pod.mac,
      gateways: [hostAddress(this.range, 1), hostAddress(this.range6, 1)],
      routes: [],
    })
    const annotations = { [annotationNames.pod.podNetworks]: network, [annotationNames.pod.podUid]: pod.uid }
    await this.plane.client.mergePatch(
      resources.pods,
      { namespace: 'default', name: pod.name },
      { metadata: { annotations } },
    )
  }

  async remove(pod: TestPod): Promise<void> {
    const name = { namespace: 'default', name: pod.name }
    await this.plane.client.delete(resources.pods, name, { gracePeriodSeconds: 0 })
  }
}

const words = (command: string): string[] => [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, a, b]) => a ?? b ?? '')

interface PodFacts {
  readonly name: string
  /** As the kubelet calls it. */
  readonly uid: string
  readonly ip: IpAddress
  readonly ip6: IpAddress
  readonly mac: Mac
}

class RunningPod implements TestPod {
  readonly name: string
  /** As the kubelet calls it. */
  readonly uid: string
  readonly ip: IpAddress
  readonly ip6: IpAddress
  readonly mac: Mac
  readonly #all: TestNetns[] = []
  netns: TestNetns
  containerId: string

  constructor({ name, uid, ip, ip6, mac }: PodFacts) {
    this.name = name
    this.uid = uid
    this.ip = ip
    this.ip6 = ip6
    this.mac = mac
    this.netns = this.#namespace()
    this.containerId = randomBytes(32).toString('hex')
  }

  env(changes: Record<string, string> = {}): Record<string, string> {
    return {
      CNI_CONTAINERID: this.containerId,
      CNI_NETNS: this.netns.path,
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/opt/cni/bin',
      CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${this.name};K8S_POD_UID=${this.uid}`,
      ...changes,
    }
  }

  renew(): void {
    this.netns = this.#namespace()
    this.containerId = randomBytes(32).toString('hex')
  }

  [Symbol.dispose](): void {
    for (const netns of this.#all) netns[Symbol.dispose]()
  }

  #namespace(): TestNetns {
    const netns = testNetns('ovnkit-pod')
    this.#all.push(netns)
    return netns
  }
}

export type Cni = (command: string, pod: TestPod, changes?: Record<string, string>) => ReturnType<typeof runPlugin>

/** Runs the plugin against the agent of a node; `by` starts it, for example inside a namespace. */
export function cniOf(plugin: string, node: TestNode, by: readonly string[] = []): Cni {
  const [program = plugin, ...args] = [...by, plugin]
  return (command, pod, changes = {}) => {
    const config = {
      cniVersion: '1.1.0',
      name: 'zstack-ovn-kubernetes',
      type: 'zstack-ovn-cni',
      serverSocket: node.socket,
    }
    return runPlugin(program, { ...pod.env(changes), CNI_COMMAND: command }, config, args)
  }
}

/** A UID that no pod has. */
export const strangeUid = (): string => randomUUID()
