import { mkdirSync } from 'node:fs'
import type { Lab } from '../lab.ts'
import type { LabOptions } from '../start.ts'
import type { Progress } from '../state/progress.ts'
import { run } from '../state/run.ts'
import { ensureTools } from '../tools/ensure.ts'
import { namesIn, planRun, type RunPlan } from './plan.ts'
import type { Outcome } from './report.ts'
import { runTests, type SuiteOptions } from './shards.ts'
import { quick } from './skips.ts'

export interface ConformanceOptions extends LabOptions {
  readonly progress: Progress
  readonly focus?: RegExp
  /** Only the few minutes' worth. */
  readonly quick?: boolean
  /** How many tests run at once. Default 4: they mostly wait. */
  readonly lanes?: number
  /** Where logs and reports go. */
  readonly folder: string
}

/** Runs the network's part of the conformance suite on a cluster; one outcome for each test, those left out included. */
export async function runSuite(
  lab: Lab,
  options: ConformanceOptions,
  tell: (text: string) => void,
): Promise<Outcome[]> {
  const tools = await ensureTools(options.progress, ['kubernetes', 'e2e'])
  const program = tools.path('e2e.test')
  const plan = planRun(namesIn(await run([program, '--list-tests'])), {
    families: lab.record.families,
    nodes: lab.nodes.length,
    ...(options.focus === undefined ? {} : { focus: options.focus }),
    ...(options.quick === true ? { only: quick } : {}),
  })
  mkdirSync(options.folder, { recursive: true })
  const suite = {
    program,
    kubectl: tools.path('kubectl'),
    kubeconfig: lab.kubeconfig,
    nodes: lab.nodes.length,
    folder: options.folder,
  }
  return [...(await runPlan(plan, options.lanes ?? 4, suite, tell)), ...plan.skipped.map(leftOut)]
}

const leftOut = ({ test, reason }: RunPlan['skipped'][number]): Outcome => ({
  test,
  state: 'skipped',
  seconds: 0,
  message: reason,
})

async function runPlan(
  { parallel, alone, skipped }: RunPlan,
  lanes: number,
  suite: SuiteOptions,
  tell: (text: string) => void,
): Promise<Outcome[]> {
  tell(
    `${parallel.length} tests in ${lanes} lanes, then ${alone.length} alone; ${skipped.length} left out; logs in ${suite.folder}\n`,
  )
  const total = parallel.length + alone.length
  let done = 0
  const onDone = ({ test, state, seconds }: Outcome) => {
    done += 1
    const what = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' }[state]
    tell(
      `${what} ${String(done).padStart(3)}/${total} ${seconds.toFixed(0).padStart(4)} s  ${test.replace('[sig-network] ', '')}\n`,
    )
  }
  const side = await runTests(parallel, lanes, suite, onDone)
  return [...side, ...(await runTests(alone, 1, suite, onDone))]
}
