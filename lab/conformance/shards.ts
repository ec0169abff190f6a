import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { focusOf, isSlow } from './plan.ts'
import { type Outcome, readReport } from './report.ts'

export interface SuiteOptions {
  /** The program e2e.test. */
  readonly program: string
  readonly kubeconfig: string
  readonly kubectl: string
  readonly nodes: number
  /** Where logs and reports go. */
  readonly folder: string
  readonly signal?: AbortSignal
}

/** Milliseconds; a test that hangs ends with its own timeouts long before. */
const longest = '3h'

/** How many tests one start of the program runs: its start costs a second or two; what a batch did is known when all of it is done. */
const perStart = 4

/**
 * Runs tests in so many lanes side by side, no test twice; each lane takes the next few from one queue. `onDone` hears of every test.
 */
export async function runTests(
  tests: readonly string[],
  lanes: number,
  options: SuiteOptions,
  onDone: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const queue = [...tests]
  const outcomes: Outcome[] = []
  const next = () => queue.splice(0, queue[0] !== undefined && isSlow(queue[0]) ? 1 : sizeOf(queue.length, lanes))
  const lane = async () => {
    for (let batch = next(); batch.length > 0; batch = next()) {
      const done = await runBatch(batch, options)
      for (const outcome of done) onDone(outcome)
      outcomes.push(...done)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return outcomes
}

/** Fewer at a time towards the end, so that the lanes end together. */
const sizeOf = (left: number, lanes: number) => Math.max(1, Math.min(perStart, Math.ceil(left / (lanes * 2))))

let started = 0

async function runBatch(tests: readonly string[], options: SuiteOptions): Promise<Outcome[]> {
  started += 1
  const folder = join(options.folder, `run-${String(started).padStart(3, '0')}`)
  mkdirSync(folder, { recursive: true })
  const report = join(folder, 'report.json')
  await runProgram(argumentsFor(tests, report, folder, options), join(folder, 'log.txt'), options)
  if (existsSync(report)) return readReport(report, tests)
  const message = `e2e.test ended without a report: ${join(folder, 'log.txt')}`
  return tests.map(test => ({ test, state: 'failed', seconds: 0, message }))
}

const argumentsFor = (
  tests: readonly string[],
  report: string,
  folder: string,
  { kubeconfig, kubectl, nodes }: SuiteOptions,
) => [
  '--provider=skeleton',
  `--kubeconfig=${kubeconfig}`,
  `--kubectl-path=${kubectl}`,
  `--num-nodes=${nodes}`,
  '--disable-log-dump',
  `--report-dir=${folder}`,
  `--ginkgo.json-report=${report}`,
  `--ginkgo.focus=${focusOf(tests)}`,
  `--ginkgo.timeout=${longest}`,
  '--ginkgo.no-color',
  '--ginkgo.v',
]

function runProgram(args: readonly string[], logFile: string, { program, signal }: SuiteOptions): Promise<void> {
  const log = openSync(logFile, 'w')
  const child = spawn(program, args, {
    stdio: ['ignore', log, log],
    ...(signal === undefined ? {} : { signal }),
  })
  closeSync(log)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve())
  })
}
