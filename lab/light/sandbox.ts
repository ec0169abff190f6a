import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { createNetns, deleteNetns, Netlink } from '@ovnkit/linux'
import { z } from 'zod'
import { identify, isAlive, type ProcessIdentity, processIdentity, signal } from '../state/identity.ts'
import { readJson, writeAtomically } from '../state/record.ts'
import { waitFor } from '../state/wait.ts'
import { callPlugins, cniResult } from './cni.ts'

/** What a light pod runs: the arguments of its container, for the one program that there is. */
export interface Workload {
  readonly program: string
  readonly args: readonly string[]
  readonly hostname: string
}

export interface PodIdentity {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/** What runs for a pod. It is written down before and after each step, so that the next light kubelet takes over. */
const runningPod = z.object({
  containerId: z.string(),
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  /** Path; undefined: the pod is on the host network. */
  netns: z.string().optional(),
  /** What ADD answered; undefined on the host network, or when ADD did not come to its end. */
  result: cniResult.optional(),
  /** Without prefix lengths, IPv4 first. */
  addresses: z.array(z.string()),
  process: processIdentity.optional(),
})
export type RunningPod = z.infer<typeof runningPod>

/** Lost by a reboot, as what it describes. */
const folder = '/run/light-kubelet'
const fileOf = (containerId: string) => `${folder}/${containerId}.json`

function save(pod: RunningPod): RunningPod {
  writeAtomically(fileOf(pod.containerId), JSON.stringify(pod))
  return pod
}

/** What an earlier light kubelet of this node left running. */
export function recoverPods(): RunningPod[] {
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter(name => name.endsWith('.json'))
  return files.flatMap(name => readJson(`${folder}/${name}`, runningPod) ?? [])
}

/** Whether all of a pod came up: one that was left in the middle of its start is ended and started anew. */
export const isComplete = ({ netns, result }: RunningPod) => netns === undefined || result !== undefined

/** A pod in the node's own network: a process and nothing else. */
export function startOnHost(
  pod: PodIdentity,
  addresses: readonly string[],
  workload: Workload | undefined,
): RunningPod {
  const { namespace, name, uid } = pod
  return save({ namespace, name, uid, containerId: newId(), addresses: [...addresses], ...started([], workload) })
}

/**
 * A new network namespace, the plugin's ADD, then the workload.
 * @param failed told what was made when ADD fails; it has to be stopped, as often as that takes
 */
export async function startSandbox(
  { namespace, name, uid }: PodIdentity,
  workload: Workload | undefined,
  failed: (half: RunningPod) => Promise<void>,
): Promise<RunningPod> {
  const containerId = newId()
  const netns = await makeNetns(`cni-${containerId.slice(0, 16)}`)
  const sandbox = { namespace, name, uid, containerId, netns }
  const half = save({ ...sandbox, addresses: [] })
  try {
    const result = await callPlugins('ADD', sandbox)
    const addresses = result.ips.map(({ address }) => address.replace(/\/\d+$/, ''))
    return save({ ...sandbox, result, addresses, ...started(['nsenter', `--net=${netns}`], workload) })
  } catch (error) {
    await failed(half)
    throw error
  }
}

/** Lets the workload end within its grace period, then DEL and the end of the namespace. Can be called again when that failed. */
export async function stopPod(pod: RunningPod, graceSeconds: number): Promise<void> {
  if (pod.process !== undefined) await end(pod.process, graceSeconds)
  if (pod.netns !== undefined) {
    await callPlugins('DEL', { ...pod, netns: pod.netns }, pod.result)
    deleteNetns(pod.netns.slice(pod.netns.lastIndexOf('/') + 1))
  }
  rmSync(fileOf(pod.containerId), { force: true })
}

const newId = () => randomBytes(32).toString('hex')

/** A namespace with its loopback up, which is the runtime's part; returns its path. */
async function makeNetns(name: string): Promise<string> {
  using netns = createNetns(name)
  using netlink = Netlink.open({ netns })
  await netlink.setLink('lo', { up: true })
  return netns.path
}

function started(enter: readonly string[], workload: Workload | undefined): { process?: ProcessIdentity } {
  if (workload === undefined) return {}
  // Its own host name, as agnhost answers with it. Each program of the line takes the place of the one before it.
  const shell = 'hostname "$0" && exec "$@"'
  const { hostname, program, args } = workload
  const [first = '', ...rest] = [...enter, 'unshare', '--uts', 'sh', '-c', shell, hostname, program, ...args]
  const { pid } = spawn(first, rest, { stdio: 'ignore', detached: true })
  return pid === undefined ? {} : { process: identify(pid) }
}

async function end(who: ProcessIdentity, graceSeconds: number): Promise<void> {
  signal(who, 'SIGTERM')
  const gone = (within: number) => waitFor(() => !isAlive(who), { what: `the end of process ${who.pid}`, within })
  try {
    await gone(graceSeconds * 1000)
  } catch {
    signal(who, 'SIGKILL')
    await gone(10_000)
  }
}
