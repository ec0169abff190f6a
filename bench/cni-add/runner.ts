import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Job, JobResult } from './protocol.ts'

/**
 * Starts plugins from inside a node's namespaces: one line of JSON with jobs that begin together comes in, one with their
 * results goes out. Run by Bun, which starts a child by vfork and so adds less than half of what Node adds.
 */
function run({ program, env, input }: Job): Promise<JobResult> {
  const start = performance.now()
  const child = spawn(program, [], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', chunk => {
    output += String(chunk)
  })
  // A program that does not read its input may be gone already.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ ms: performance.now() - start, code, output }))
  })
}

for await (const line of createInterface({ input: process.stdin })) {
  const jobs: Job[] = JSON.parse(line)
  const results = await Promise.all(jobs.map(run))
  process.stdout.write(`${JSON.stringify(results)}\n`)
}
