import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const program = new URL('peer.ts', import.meta.url).pathname

/** The answering end, in a place of the lab. */
export function startServer(place: readonly string[]): Disposable {
  const child = start(place, ['serve'])
  return { [Symbol.dispose]: () => void child.kill() }
}

/** The asking end, in a place of the lab. */
export class Asker implements Disposable {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  private constructor(place: readonly string[]) {
    this.#child = start(place, [])
    if (this.#child.stdout === null) throw new Error('the asker has no output')
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  static async start(place: readonly string[]): Promise<Asker> {
    const asker = new Asker(place)
    await asker.#next()
    return asker
  }

  /** Microseconds from each question to its answer. */
  async latencies(address: string, ms: number): Promise<readonly number[]> {
    return (await this.#ask({ kind: 'rr', address, ms })).latencies
  }

  /** Megabits per second that arrived. */
  async throughput(address: string, ms: number): Promise<number> {
    const answer = await this.#ask({ kind: 'stream', address, ms })
    return (answer.bytes * 8) / answer.ms / 1000
  }

  [Symbol.dispose](): void {
    this.#child.stdin?.end()
    this.#child.kill()
  }

  async #ask(question: object) {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`)
    return this.#next()
  }

  async #next() {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('a client ended: is the address reachable?')
    return JSON.parse(value)
  }
}

function start(place: readonly string[], args: readonly string[]): ChildProcess {
  const [command = '', ...rest] = [...place, process.execPath, program, ...args]
  return spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
}
