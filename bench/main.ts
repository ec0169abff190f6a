/**
 * Runs every room's benchmark (`bench/<room>/main.ts`), one after another, and keeps what they print in
 * `bench/results/<room>.txt` under a description of the machine. Usage: node bench/main.ts [ROOM...]
 */
import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'

const here = import.meta.dirname

const rooms = readdirSync(here, { withFileTypes: true })
  .filter(entry => entry.isDirectory() && existsSync(join(here, entry.name, 'main.ts')))
  .map(entry => entry.name)
  .sort()

function machine(): string {
  const [cpu] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} x ${cpu?.model.trim() ?? 'unknown CPU'}, ${memory} GiB, Linux ${release()}, Node ${process.version}`
}

/** Exit code of one room's benchmark; its output goes to the terminal and to its results file. */
function run(room: string): Promise<number> {
  const file = join(here, 'results', `${room}.txt`)
  mkdirSync(dirname(file), { recursive: true })
  const results = createWriteStream(file)
  results.write(`${machine()}\n${new Date().toISOString().slice(0, 10)}  node bench/${room}/main.ts\n\n`)
  const child = spawn(process.execPath, [join(here, room, 'main.ts')], { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.pipe(results)
  child.stdout.pipe(process.stdout, { end: false })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve(code ?? 1))
  })
}

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter(name => !rooms.includes(name))
  if (unknown.length > 0) throw new Error(`expected some of ${rooms.join(', ')}; got ${unknown.join(' ')}`)
  const failed: string[] = []
  const chosen = names.length > 0 ? names : rooms
  for (const [i, room] of chosen.entries()) {
    console.log(`\n=== ${room} (${i + 1} of ${chosen.length})`)
    const began = performance.now()
    const complete = (await run(room)) === 0
    if (!complete) failed.push(room)
    const seconds = Math.round((performance.now() - began) / 1000)
    console.log(`--- ${room}: ${complete ? 'complete' : 'NOT COMPLETE'}, ${seconds} s, bench/results/${room}.txt`)
  }
  if (failed.length > 0) throw new Error(`no complete result from: ${failed.join(', ')}`)
}

await main(process.argv.slice(2))
