import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createNetns, deleteNetns } from '@ovnkit/linux'
import { type CniResult, callPlugins, type Sandbox } from './cni.ts'

/** What a light pod runs: the arguments of its container, for the one program that there is. */
export interface Workload {
  readonly program: string
  readonly args: readonly string[]
  readonly hostname: string
}

/** A network namespace with the network that the plugin gave it, and maybe a process inside. */
export class RunningSandbox {
  readonly sandbox: Sandbox
  readonly result: CniResult
  readonly #process: ChildProcess | undefined

  private constructor(sandbox: Sandbox, result: CniResult, child: ChildProcess | undefined) {
    this.sandbox = sandbox
    this.result = result
    this.#process = child
  }

  /** Addresses without their prefix lengths, IPv4 first as the plugin gives them. */
  get addresses(): string[] {
    return this.result.ips.map(({ address }) => address.replace(/\/\d+$/, ''))
  }

  /** A new namespace, ADD, then the workload. What was made is unmade when ADD fails, as a runtime does. */
  static async start(
    pod: { namespace: string; name: string; uid: string },
    workload: Workload | undefined,
  ): Promise<RunningSandbox> {
    const containerId = randomBytes(32).toString('hex')
    const name = `cni-${containerId.slice(0, 16)}`
    const netns = createNetns(name)
    const sandbox = { ...pod, containerId, netns: netns.path }
    netns[Symbol.dispose]()
    try {
      const result = await callPlugins('ADD', sandbox)
      return new RunningSandbox(sandbox, result, workload === undefined ? undefined : run(sandbox.netns, workload))
    } catch (error) {
      await callPlugins('DEL', sandbox).catch(() => undefined)
      deleteNetns(name)
      throw error
    }
  }

  /** Lets the workload end within its grace period, then DEL and the end of the namespace. */
  async stop(graceSeconds: number): Promise<void> {
    if (this.#process !== undefined) await end(this.#process, graceSeconds)
    await callPlugins('DEL', this.sandbox, this.result)
    deleteNetns(this.sandbox.netns.slice(this.sandbox.netns.lastIndexOf('/') + 1))
  }
}

function run(netns: string, { program, args, hostname }: Workload): ChildProcess {
  // Its own host name, as agnhost answers with it.
  const shell = 'hostname "$0" && exec "$@"'
  const argv = [`--net=${netns}`, 'unshare', '--uts', 'sh', '-c', shell, hostname, program, ...args]
  return spawn('nsenter', argv, { stdio: 'ignore' })
}

async function end(child: ChildProcess, graceSeconds: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), graceSeconds * 1000)
  await ended
  clearTimeout(timer)
}
