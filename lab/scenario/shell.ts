import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'

export interface Said {
  /** What the command printed to both streams. */
  readonly output: string
  readonly exit: number
}

/** A bash in which commands run one after another: variables live from one to the next. */
export class Shell implements Disposable {
  readonly #bash: ChildProcessWithoutNullStreams
  #text = ''
  #waiting: (() => void) | undefined

  constructor(env: Readonly<Record<string, string>>, cwd: string) {
    this.#bash = spawn('bash', ['--noprofile', '--norc'], { env: { ...process.env, ...env }, cwd, detached: true })
    for (const stream of [this.#bash.stdout, this.#bash.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#text += chunk.toString()
        this.#waiting?.()
      })
    }
    this.#bash.on('exit', () => this.#waiting?.())
    this.#bash.stdin.on('error', () => undefined)
  }

  /** Runs one command; one that takes longer than `within` milliseconds ends the shell with an error. */
  async run(command: string, within: number): Promise<Said> {
    this.#text = ''
    const mark = randomUUID()
    this.#bash.stdin.write(`{\n${command}\n} </dev/null 2>&1; printf '%s %s\\n' ${mark} $?\n`)
    const end = new RegExp(`${mark} (\\d+)\n$`)
    const timer = setTimeout(() => this[Symbol.dispose](), within)
    try {
      for (;;) {
        const found = end.exec(this.#text)
        if (found !== null) return { output: this.#text.slice(0, found.index), exit: Number(found[1]) }
        if (this.#bash.exitCode !== null || this.#bash.signalCode !== null) {
          throw new Error(
            `the command did not end within ${within / 1000} s, or ended its shell; it had said: ${this.#text.trim()}`,
          )
        }
        await new Promise<void>(resolve => {
          this.#waiting = resolve
        })
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Ends the shell with everything it started. */
  [Symbol.dispose](): void {
    const { pid } = this.#bash
    if (pid === undefined || this.#bash.exitCode !== null || this.#bash.signalCode !== null) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // It ended by itself meanwhile.
    }
  }
}
