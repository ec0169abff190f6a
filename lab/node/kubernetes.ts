import { chmodSync, copyFileSync, mkdirSync } from 'node:fs'
import { stringify } from 'yaml'
import { type Machine, runIn, tryIn } from '../machine/machine.ts'
import type { Service } from '../machine/service.ts'
import { writeAtomically } from '../state/record.ts'

const socket = '/run/containerd/containerd.sock'

export interface RuntimeOptions {
  readonly tools: Readonly<Record<'containerd' | 'ctr' | 'kubelet', string>>
  /** Folder of the tools: containerd finds its shim and runc on PATH. */
  readonly path: string
  /** Image archives to have on the node. */
  readonly images: readonly string[]
  readonly sandboxImage: string
}

/** containerd with the machine's own root, state and socket (all at their usual places inside it). */
export const containerdService = (machine: Machine, options: RuntimeOptions): Service => ({
  name: 'containerd',
  prepare: async () =>
    writeAtomically(`${machine.disk}/etc/containerd/config.toml`, containerdConfiguration(options.sandboxImage)),
  argv: [options.tools.containerd, '--config', '/etc/containerd/config.toml'],
  env: { PATH: `${options.path}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` },
  ready: async () => (await tryIn(machine, [options.tools.ctr, '-a', socket, 'version'])).code === 0,
})

// Without CAP_SYS_RESOURCE no oom_score_adj below one's own can be set, and every sandbox would fail: restrict_oom_score_adj.
const containerdConfiguration = (sandboxImage: string) => `version = 3
root = '/var/lib/containerd'
state = '/run/containerd'

[grpc]
  address = '${socket}'

[plugins.'io.containerd.cri.v1.images']
  snapshotter = 'overlayfs'
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = '${sandboxImage}'

[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ['/opt/cni/bin']
    conf_dir = '/etc/cni/net.d'
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = 'io.containerd.runc.v2'

[plugins.'io.containerd.nri.v1.nri']
  disable = true
`

/** Loads the image archives that the node does not have yet; there is no registry. */
export async function importImages(machine: Machine, options: RuntimeOptions): Promise<void> {
  const ctr = [options.tools.ctr, '-a', socket, '-n', 'k8s.io']
  const present = await runIn(machine, [...ctr, 'images', 'list', '-q'])
  if (present.includes(options.sandboxImage)) return
  for (const archive of options.images) await runIn(machine, [...ctr, 'images', 'import', archive])
}

export interface KubeletOptions extends RuntimeOptions {
  /** The node's, one for each family. */
  readonly addresses: readonly string[]
  readonly zone: string
  readonly cgroup: string
  readonly clusterDns: string
  readonly kubeconfig: string
  readonly authority: string
}

export const kubeletService = (machine: Machine, options: KubeletOptions): Service => ({
  name: 'kubelet',
  prepare: async () => {
    const folder = `${machine.disk}/etc/kubernetes`
    mkdirSync(`${machine.disk}${staticPods}`, { recursive: true })
    writeAtomically(`${folder}/kubelet.kubeconfig`, options.kubeconfig, 0o600)
    writeAtomically(`${folder}/ca.crt`, options.authority)
    writeAtomically(`${folder}/kubelet.yaml`, stringify(kubeletConfiguration(options)))
  },
  argv: [
    options.tools.kubelet,
    '--config=/etc/kubernetes/kubelet.yaml',
    '--kubeconfig=/etc/kubernetes/kubelet.kubeconfig',
    `--hostname-override=${machine.name}`,
    `--node-ip=${options.addresses.join(',')}`,
    `--node-labels=topology.kubernetes.io/zone=${options.zone}`,
    '-v=1',
  ],
  env: { PATH: `${options.path}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` },
  ready: async () =>
    (await tryIn(machine, ['curl', '-sf', '--max-time', '2', 'http://127.0.0.1:10248/healthz'])).code === 0,
})

/** Pods that the kubelet makes of files, without an API server. */
const staticPods = '/etc/kubernetes/manifests'

const kubeletConfiguration = ({ cgroup, clusterDns, addresses: [address] }: KubeletOptions) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address,
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: false },
    x509: { clientCAFile: '/etc/kubernetes/ca.crt' },
  },
  authorization: { mode: 'AlwaysAllow' },
  cgroupDriver: 'cgroupfs',
  cgroupRoot: cgroup,
  failCgroupV1: false,
  failSwapOn: false,
  clusterDNS: [clusterDns],
  clusterDomain: 'cluster.local',
  containerRuntimeEndpoint: `unix://${socket}`,
  evictionHard: { 'imagefs.available': '1%', 'nodefs.available': '1%', 'memory.available': '100Mi' },
  imageGCHighThresholdPercent: 100,
  enforceNodeAllocatable: [],
  registerNode: true,
  staticPodPath: staticPods,
  maxPods: 250,
  // Services are the network's business, and no rule of kubelet's is wanted beside it.
  makeIPTablesUtilChains: false,
  shutdownGracePeriod: '0s',
  // A lab is watched by impatient people: status changes show at once, pods start without a queue.
  nodeStatusUpdateFrequency: '5s',
  // How soon a deleted mirror of a static pod is made anew.
  syncFrequency: '10s',
  registryPullQPS: 0,
  serializeImagePulls: false,
})

/** Programs that belong into /opt/cni/bin of a node. */
export function installPlugins(machine: Machine, files: readonly string[]): void {
  const folder = `${machine.disk}/opt/cni/bin`
  mkdirSync(folder, { recursive: true })
  for (const file of files) {
    const target = `${folder}/${file.slice(file.lastIndexOf('/') + 1)}`
    copyFileSync(file, target)
    chmodSync(target, 0o755)
  }
}
