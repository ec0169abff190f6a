/**
 * Runs the benchmarks, one after another, and keeps what each prints in `bench/results/<name>.txt` under a description of the machine and its load.
 * Usage: node bench/main.ts [--quick] [NAME...]. Each is ended after a time of its own (runs.ts). `--quick`: small sizes, only to see that all of them work; their figures mean nothing
 * and are kept in `bench/results/quick/`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { allRuns, chosenRuns, type Run } from './runs.ts'

const here = import.meta.dirname
/** For what it has to take down after SIGTERM. */
const graceMs = 30_000

type Outcome = 'complete' | 'failed' | 'too slow'

function machine(): string {
  const [cpu] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  const load = loadavg().map(value => value.toFixed(1))
  return `${cpus().length} x ${cpu?.model.trim() ?? 'unknown CPU'}, ${memory} GiB, Linux ${release()}, Node ${process.version}; load before: ${load.join(' ')}`
}

/** Runs one benchmark; its output goes to the terminal and to its results file. */
async function measure({ name, script, minutes }: Run, args: readonly string[], folder: string): Promise<Outcome> {
  const file = join(folder, `${name.replace('/', '-')}.txt`)
  mkdirSync(dirname(file), { recursive: true })
  const results = createWriteStream(file)
  const command = ['node', `bench/${script}`, ...args].join(' ')
  results.write(`${machine()}\n${new Date().toISOString()}  ${command}\n\n`)
  const child = spawn(process.execPath, [join(here, script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.pipe(results)
  child.stdout.pipe(process.stdout, { end: false })
  const stop = () => {
    child.kill('SIGTERM')
    process.exit(1)
  }
  process.once('SIGTERM', stop)
  const [code, late] = await ended(child, minutes)
  process.off('SIGTERM', stop)
  return late ? 'too slow' : code === 0 ? 'complete' : 'failed'
}

/** Exit code, and whether it had to be ended. Tells every minute that it still runs. */
function ended(child: ChildProcess, minutes: number): Promise<readonly [number | null, boolean]> {
  let passed = 0
  let late = false
  const clock = setInterval(() => {
    passed++
    console.error(`... ${passed} of at most ${minutes} min`)
    if (passed < minutes) return
    late = true
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), graceMs).unref()
  }, 60_000)
  const closed = new Promise<readonly [number | null, boolean]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve([code, late]))
  })
  return closed.finally(() => clearInterval(clock))
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true })
  const folder = join(here, 'results', values.quick ? 'quick' : '')
  const chosen = chosenRuns(allRuns(here), positionals)
  const summary: string[] = []
  for (const [i, run] of chosen.entries()) {
    const args = values.quick ? run.quick : run.whole
    console.log(`\n=== ${run.name} (${i + 1} of ${chosen.length}), at most ${run.minutes} min`)
    const began = performance.now()
    const outcome = args === undefined ? 'left out' : await measure(run, args, folder)
    const line = `${run.name}: ${outcome}, ${Math.round((performance.now() - began) / 1000)} s`
    console.log(`--- ${line}`)
    summary.push(line)
  }
  console.log(`\n${summary.join('\n')}`)
  if (summary.some(line => /: (failed|too slow),/.test(line))) process.exitCode = 1
}

await main()
