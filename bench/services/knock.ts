import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Somebody who knocks at addresses from a place: words that enter it stand before the program. */
export class Knocker implements Disposable {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(words: readonly string[]) {
    const [program = '', ...args] = [...words, process.execPath, new URL('knocker.ts', import.meta.url).pathname]
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    if (this.#child.stdout === null) throw new Error('the knocker has no output')
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async ready(): Promise<this> {
    await this.#lines.next()
    return this
  }

  /** Milliseconds since the epoch at which the address opened. */
  async opened(address: string, port: number): Promise<number> {
    const [opened = 0] = await this.#ask(`${address} ${port} open`)
    return opened
  }

  /** From a pod that only starts: besides, since when there was a way to it. Its kernel asks for neighbours as often as the knocker knocks. */
  async entered(address: string, port: number): Promise<{ readonly opened: number; readonly routed: number }> {
    const [opened = 0, routed = 0] = await this.#ask(`${address} ${port} start`)
    return { opened, routed }
  }

  /** Milliseconds since the epoch at which it was opened for the last time before a second of silence. */
  async shut(address: string, port: number): Promise<number> {
    const [last = 0] = await this.#ask(`${address} ${port} shut`)
    return last
  }

  [Symbol.dispose](): void {
    this.#child.stdin?.end()
    this.#child.kill()
  }

  async #ask(line: string): Promise<number[]> {
    this.#child.stdin?.write(`${line}\n`)
    const { value } = await this.#lines.next()
    return String(value).split(' ').map(Number)
  }
}

/** Milliseconds since the epoch, finer than those of Date. */
export const now = (): number => performance.timeOrigin + performance.now()
