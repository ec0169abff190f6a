import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { removeLab, removeOrphans } from './down.ts'
import { Lab } from './lab.ts'
import { halt } from './machine/machine.ts'
import { runsProduct } from './product/product.ts'
import { identify } from './state/identity.ts'
import { holdForLife, withLock } from './state/lock.ts'
import { uplinkOf } from './state/plan.ts'
import { type Progress, silentProgress } from './state/progress.ts'
import {
  type Families,
  type GatewayMode,
  type LabRecord,
  labFolder,
  labNames,
  loadClaim,
  loadRecord,
  saveRecord,
} from './state/record.ts'
import type { ImageSet } from './tools/images/images.ts'
import { Starter, waitForNodes } from './up.ts'

export interface LabOptions {
  /** Default: `lab`. Labs of different names live side by side. */
  readonly name?: string
  /** Number of nodes. Default 3. */
  readonly nodes?: number
  /** `full` (default): containerd and kubelet; `light`: pods' namespaces are made by the lab, which calls the plugin itself. */
  readonly mode?: 'full' | 'light'
  readonly tunnel?: 'vxlan' | 'geneve'
  /** Of Open vSwitch. Default netdev: system needs a kernel with openvswitch, as `lab vm` has it. */
  readonly datapath?: 'netdev' | 'system'
  /** Controller manager and scheduler in light mode. Default false; full mode always has them. */
  readonly controllers?: boolean
  /** The product's programs: from their sources (default), from dist/, its images on the nodes and nothing started, or nothing. */
  readonly product?: LabRecord['product']
  /** Default ipv4. */
  readonly families?: Families
  /** Default local. */
  readonly gateway?: GatewayMode
  /** Default 10.244.0.0/16 and fd10:244::/64, as the families ask. */
  readonly podCidr?: string
  /** Default 10.96.0.0/16 and fd96::/108. */
  readonly serviceCidr?: string
  /** The resolver that kubelet gives to pods. Default `service`: the tenth of the Services, which CoreDNS stands behind. */
  readonly clusterDns?: string
  /** Default host: this machine's; `newer`: ovs-vswitchd of the next Debian (3.5). */
  readonly openvswitch?: LabRecord['openvswitch']
  /** Default host: this machine's; `newer`: that of the next Debian (25.03), which has tiers of ACLs. */
  readonly ovn?: LabRecord['ovn']
  /** OVN databases and northd in the control machine with `product: 'images'`, too. Default false. */
  readonly central?: boolean
  /** The OVN databases speak TLS only, and everybody has a certificate. Default false. */
  readonly tls?: boolean
  /** A kube-proxy (nftables) on every node, and the product told to leave the hosts to it. Default false. */
  readonly kubeProxy?: boolean
  /** `conformance`: the images of the conformance suite as well. */
  readonly images?: ImageSet
  /** Keys of the product's configuration over the lab's own, as YAML. */
  readonly settings?: string
  /** true: the lab ends with this process, however that ends. */
  readonly owned?: boolean
  readonly progress?: Progress
}

/** Makes a lab, or brings one of the same name up again; resolves when its nodes are Ready (without the product nobody makes them so). */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const progress = options.progress ?? silentProgress
  const name = options.name ?? 'lab'
  checkName(name)
  for (const orphan of await removeOrphans()) progress.note(`removed lab ${orphan}: the process it belonged to is gone`)
  return withLock(`lab/${labFolder(name)}`, 300_000, async () => {
    const lab = new Lab(await recordFor(name, options))
    if (options.owned === true) watchOwner(name)
    await (await Starter.of(lab, progress)).up()
    if (runsProduct(lab.record)) await progress.step('nodes Ready', () => waitForNodes(lab, 120_000))
    return lab
  })
}

/** Runs `work` with a lab of its own, which is removed afterwards, also when this process dies. */
export async function withLab<T>(options: LabOptions, work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await startLab({ owned: true, ...options })
  try {
    return await work(lab)
  } finally {
    await lab.close()
    await removeLab(lab.name)
  }
}

/** Keeps other keys of the product's configuration for the lab; its programs read them when they start. */
export async function configureLab(lab: Lab, settings: string): Promise<Lab> {
  const record = { ...lab.record, settings }
  saveRecord(record)
  await lab.close()
  return new Lab(record)
}

/** Pulls a node's plug and starts it again: its namespaces, links and processes are gone, its disk is kept. */
export async function rebootNode(lab: Lab, node: string, progress: Progress = silentProgress): Promise<void> {
  if (!lab.nodes.includes(node)) throw new Error(`expected a node to reboot (${lab.nodes.join(', ')}), got ${node}`)
  await halt(lab.machine(node))
  await (await Starter.of(lab, progress)).startNode(node)
}

function checkName(name: string): void {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name))
    throw new Error(`a lab's name is made of a-z, 0-9 and -, got ${JSON.stringify(name)}`)
  if (process.getuid?.() !== 0) throw new Error('a lab is made of namespaces and switches: run it as root')
}

/** The record of an existing lab, checked against what is asked for, or a new one with a network of its own. */
async function recordFor(name: string, options: LabOptions): Promise<LabRecord> {
  return withLock('slots', 30_000, async () => {
    const existing = loadRecord(name)
    const wanted = wantedRecord(name, existing?.slot ?? (await freeSlot()), options)
    if (existing === undefined) {
      mkdirSync(labFolder(name), { recursive: true })
      saveRecord(wanted)
      return wanted
    }
    const differing = Object.entries(wanted).filter(
      ([key, value]) =>
        key !== 'owner' &&
        JSON.stringify(value) !== JSON.stringify(Object.entries(existing).find(([k]) => k === key)?.[1]),
    )
    if (differing.length === 0) return existing
    throw new Error(
      `lab ${name} exists with another ${differing.map(([key]) => key).join(', ')}: \`lab down --name ${name}\` first, or choose another name`,
    )
  })
}

const four = { pods: '10.244.0.0/16', services: '10.96.0.0/16' }
const six = { pods: 'fd10:244::/64', services: 'fd96::/108' }
const ranges = {
  ipv4: four,
  ipv6: six,
  dual: { pods: `${four.pods},${six.pods}`, services: `${four.services},${six.services}` },
}

function wantedRecord(name: string, slot: number, options: LabOptions): LabRecord {
  const mode = options.mode ?? 'full'
  const families = options.families ?? 'ipv4'
  return {
    name,
    slot,
    mode,
    nodes: Array.from({ length: options.nodes ?? 3 }, (_, i) => `n${i + 1}`),
    tunnel: options.tunnel ?? 'vxlan',
    datapath: options.datapath ?? 'netdev',
    controllers: mode === 'full' || options.controllers === true,
    product: options.product ?? 'sources',
    families,
    gateway: options.gateway ?? 'local',
    podCidr: options.podCidr ?? ranges[families].pods,
    serviceCidr: options.serviceCidr ?? ranges[families].services,
    clusterDns: options.clusterDns ?? 'service',
    openvswitch: options.openvswitch ?? 'host',
    ovn: options.ovn ?? 'host',
    central: options.central ?? false,
    tls: options.tls ?? false,
    kubeProxy: options.kubeProxy ?? false,
    images: options.images ?? 'usual',
    settings: options.settings ?? '',
    ...(options.owned === true ? { owner: identify(process.pid) } : {}),
  }
}

/**
 * A third octet of 192.168 that neither another lab nor this host has. Labs whose records are elsewhere (`OVNKIT_LAB_DIR`) are seen by their interface: one of IPv6 alone
 * has no such address. Until that is there, whoever starts the lab holds the number.
 */
async function freeSlot(): Promise<number> {
  const used = new Set(labNames().map(name => loadClaim(name)?.slot))
  const own = Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .map(({ address }) => address)
  for (let slot = 88; slot < 250; slot++) {
    if (used.has(slot) || hasUplink(slot) || own.some(address => address.startsWith(`192.168.${slot}.`))) continue
    // Whoever held it a moment ago may have made the interface since.
    if ((await holdForLife(`slot ${slot}`)) && !hasUplink(slot)) return slot
  }
  throw new Error('no network of 192.168.88.0 to 192.168.249.0 is free: remove labs with `lab down`')
}

const hasUplink = (slot: number) => existsSync(`/sys/class/net/${uplinkOf(slot)}`)

/**
 * Leaves a small process behind that waits for the end of this one, at the end of a pipe, and then removes the lab:
 * a killed test leaves nothing.
 */
function watchOwner(name: string): void {
  const main = new URL('main.ts', import.meta.url).pathname
  // A line says that all is done; the end of the pipe without one, that the owner died.
  const watch = 'cat >/dev/null; exec "$0" "$1" down --orphaned --name "$2"'
  const child = spawn('sh', ['-c', watch, process.execPath, main, name], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.unref()
  const { stdin } = child
  if (stdin !== null && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
}
