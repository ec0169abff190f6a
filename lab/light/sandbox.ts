import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createNetns, deleteNetns, Netlink } from '@ovnkit/linux'
import { type CniResult, callPlugins } from './cni.ts'

/** What a light pod runs: the arguments of its container, for the one program that there is. */
export interface Workload {
  readonly program: string
  readonly args: readonly string[]
  readonly hostname: string
}

/** A pod that runs: its addresses, how it ends, and maybe a process. */
export interface RunningPod {
  readonly id: string
  /** Without prefix lengths, IPv4 first. */
  readonly addresses: readonly string[]
  /** Lets the workload end within its grace period, then takes the network away. Can be called again when that failed. */
  stop(graceSeconds: number): Promise<void>
}

export interface PodIdentity {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/** A pod in the node's own network: a process and nothing else. */
export function startOnHost(addresses: readonly string[], workload: Workload | undefined): RunningPod {
  const child = workload === undefined ? undefined : run([], workload)
  return { id: randomBytes(32).toString('hex'), addresses, stop: grace => end(child, grace) }
}

/** A new network namespace, the plugin's ADD, then the workload. What was made is unmade when ADD fails, as a runtime does. */
export async function startSandbox(pod: PodIdentity, workload: Workload | undefined): Promise<RunningPod> {
  const id = randomBytes(32).toString('hex')
  const name = `cni-${id.slice(0, 16)}`
  const sandbox = { ...pod, containerId: id, netns: await makeNetns(name) }
  try {
    const result = await callPlugins('ADD', sandbox)
    const child = workload === undefined ? undefined : run(['nsenter', `--net=${sandbox.netns}`], workload)
    return {
      id,
      addresses: addressesOf(result),
      async stop(grace) {
        await end(child, grace)
        await callPlugins('DEL', sandbox, result)
        deleteNetns(name)
      },
    }
  } catch (error) {
    await callPlugins('DEL', sandbox).catch(() => undefined)
    deleteNetns(name)
    throw error
  }
}

const addressesOf = ({ ips }: CniResult) => ips.map(({ address }) => address.replace(/\/\d+$/, ''))

/** A namespace with its loopback up, which is the runtime's part; returns its path. */
async function makeNetns(name: string): Promise<string> {
  using netns = createNetns(name)
  using netlink = Netlink.open({ netns })
  await netlink.setLink('lo', { up: true })
  return netns.path
}

function run(enter: readonly string[], { program, args, hostname }: Workload): ChildProcess {
  // Its own host name, as agnhost answers with it.
  const shell = 'hostname "$0" && exec "$@"'
  const [first = '', ...rest] = [...enter, 'unshare', '--uts', 'sh', '-c', shell, hostname, program, ...args]
  return spawn(first, rest, { stdio: 'ignore' })
}

async function end(child: ChildProcess | undefined, graceSeconds: number): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), graceSeconds * 1000)
  await ended
  clearTimeout(timer)
}
