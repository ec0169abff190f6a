import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'
import type { Lab } from '@ovnkit/lab'
import { waitUntil } from '@ovnkit/testing'
import type { Job, JobResult } from './protocol.ts'

const name = 'n1'
const repository = new URL('../..', import.meta.url).pathname

/** The lab's one node, with a process in its namespaces that starts plugins as a container runtime does. */
export class BenchNode implements Disposable {
  readonly name = name
  readonly #lab: Lab
  readonly #init: number
  readonly #runner: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface

  private constructor(lab: Lab, init: number) {
    this.#lab = lab
    this.#init = init
    const enter = ['-t', String(init), '-n', '-m', '-p', '-u', '-i', '--']
    const bun = `${repository}node_modules/.bin/bun`
    const runner = spawn('nsenter', [...enter, bun, `${import.meta.dirname}/runner.ts`], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, HOME: '/run/home', TMPDIR: '/run/tmp' },
    })
    this.#runner = runner
    this.#reader = createInterface({ input: runner.stdout })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  /** Takes kubelet's place on the node. */
  static async of(lab: Lab): Promise<BenchNode> {
    await waitUntil('the network configuration', () => confFile(lab) !== undefined).catch(cause => {
      throw new Error(`the agent does not serve; its log ends: ${logEnd(lab)}`, { cause })
    })
    await lab.kill(name, 'kubelet')
    const machine = (await lab.status()).find(({ machine }) => machine === name)
    if (machine?.init === undefined) throw new Error(`expected machine ${name} to run`)
    return new BenchNode(lab, machine.init)
  }

  [Symbol.dispose](): void {
    this.#reader.close()
    this.#runner.stdin?.end()
  }

  /** Starts all at once and waits for them all. */
  async run(jobs: readonly Job[]): Promise<readonly JobResult[]> {
    this.#runner.stdin?.write(`${JSON.stringify(jobs)}\n`)
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('the runner inside the node has ended')
    return JSON.parse(value)
  }

  /** A path of the node, as seen from outside. */
  path(inside: string): string {
    return `/proc/${this.#init}/root${inside}`
  }

  /** Configuration for the first plugin of the node's list, as the runtime passes it on. */
  pluginConfig(): string {
    const { cniVersion, name, plugins } = JSON.parse(readFileSync(confFile(this.#lab) ?? '', 'utf8'))
    return JSON.stringify({ ...plugins[0], cniVersion, name })
  }

  /** Network namespaces with their loopback up, which is the runtime's part; their paths inside. */
  async makeNetns(prefix: string, count: number): Promise<readonly string[]> {
    const script = `for i in $(seq 0 ${count - 1}); do ip netns add ${prefix}$i; ip -n ${prefix}$i link set lo up; done`
    await this.shell(script)
    return Array.from({ length: count }, (_, i) => `/run/netns/${prefix}${i}`)
  }

  shell(script: string): Promise<string> {
    return this.#lab.exec(name, ['sh', '-ec', script])
  }

  /** Until OVN has carried out everything that the northbound database says, on the node too. */
  async settle(): Promise<void> {
    await this.#lab.exec('control', ['ovn-nbctl', '--no-leader-only', '--timeout=60', '--wait=hv', 'sync'])
  }

  /** Process of a service of the node. */
  pid(service: string): number {
    const found = this.#lab.process(name, service)
    if (found === undefined) throw new Error(`${service} does not run on ${name}`)
    return found.pid
  }
}

function logEnd(lab: Lab): string {
  return readFileSync(`${lab.machine(name).folder}/log/agent.log`, 'utf8').slice(-1000)
}

function confFile(lab: Lab): string | undefined {
  const folder = `${lab.machine(name).disk}/etc/cni/net.d`
  try {
    const [first] = readdirSync(folder)
      .filter(each => each.endsWith('.conflist'))
      .sort()
    return first && `${folder}/${first}`
  } catch {
    return undefined
  }
}
