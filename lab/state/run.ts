import { spawn } from 'node:child_process'

export interface RunOptions {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Milliseconds; the program is killed after them. */
  readonly within?: number
  readonly signal?: AbortSignal
}

export interface RunResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end and returns what it said, whatever its exit code. */
export function runRaw(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program = '', ...args] = argv
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.within === undefined ? {} : { timeout: options.within, killSignal: 'SIGKILL' }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', error => reject(new Error(`cannot run ${program}: ${error.message}`, { cause: error })))
    child.on('close', (code, killedBy) => {
      const stderr = Buffer.concat(err).toString() + (killedBy === null ? '' : `ended by ${killedBy}`)
      resolve({ code: code ?? 128, stdout: Buffer.concat(out).toString(), stderr })
    })
    // A program that ends without reading its input closes the pipe: its exit code tells, not EPIPE.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(options.stdin)
  })
}

/** Runs a program that must succeed and returns its standard output. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runRaw(argv, options)
  if (code === 0) return stdout
  throw new Error(`${argv.join(' ')} failed with ${code}: ${(stderr.trim() || stdout.trim()).slice(-2000)}`)
}
