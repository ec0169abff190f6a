import { setTimeout as delay } from 'node:timers/promises'
import { patience } from '../state/wait.ts'
import { matches, type Scenario, type Step } from './parse.ts'
import { type Said, Shell } from './shell.ts'

export interface StepResult {
  readonly step: Step
  readonly passed: boolean
  readonly seconds: number
  readonly tries: number
  /** What was said instead of what was expected, or what went wrong. */
  readonly said: string
}

/** Milliseconds that one run of a command may take. */
const longest = 120_000
/** Milliseconds between two tries. */
const between = 200

/** Runs a scenario step by step, up to the first that fails. `onStep` hears of each. */
export async function runScenario(
  scenario: Scenario,
  place: { env: Readonly<Record<string, string>>; cwd: string },
  onStep: (result: StepResult) => void,
): Promise<boolean> {
  using shell = new Shell(place.env, place.cwd)
  for (const step of scenario.steps) {
    const result = await runStep(shell, step)
    onStep(result)
    if (!result.passed) return false
  }
  return true
}

async function runStep(shell: Shell, step: Step): Promise<StepResult> {
  const began = performance.now()
  for (let tries = 1; ; tries++) {
    const { passed, said, fatal } = await tryStep(shell, step)
    const elapsed = performance.now() - began
    if (passed || fatal || elapsed > step.within * patience)
      return { step, passed, tries, seconds: elapsed / 1000, said }
    await delay(between)
  }
}

async function tryStep(shell: Shell, step: Step): Promise<{ passed: boolean; said: string; fatal: boolean }> {
  let said: Said
  try {
    said = await shell.run(step.command, Math.max(longest, step.within) * patience)
  } catch (error) {
    return { passed: false, said: String(error), fatal: true }
  }
  const passed = said.exit === step.exit && matches(step.expected, said.output)
  const exit = said.exit === step.exit ? '' : `(exit ${said.exit}, expected ${step.exit})\n`
  return { passed, said: exit + said.output, fatal: false }
}
