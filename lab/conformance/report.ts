import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** What became of one test. */
export interface Outcome {
  readonly test: string
  readonly state: 'passed' | 'failed' | 'skipped'
  readonly seconds: number
  /** Why it failed, or why it skipped itself. */
  readonly message: string
}

const failure = z.looseObject({ Message: z.string().default('') })
const spec = z.looseObject({
  LeafNodeType: z.string(),
  LeafNodeText: z.string(),
  ContainerHierarchyTexts: z.array(z.string()).nullable(),
  State: z.string(),
  RunTime: z.number(),
  NumAttempts: z.number(),
  Failure: failure.optional(),
})
/** The part of ginkgo's JSON report (github.com/onsi/ginkgo/v2/types, Report) that is used. */
const reports = z.array(z.looseObject({ SpecReports: z.array(spec).nullable() }))

/** The tests of a report that were asked for; with none of them, of a suite that did not come to its tests, an error that says so. */
export function readReport(file: string, asked: readonly string[]): Outcome[] {
  const specs = reports.parse(JSON.parse(readFileSync(file, 'utf8'))).flatMap(({ SpecReports }) => SpecReports ?? [])
  const wanted = new Set(asked)
  const outcomes = specs.flatMap(one => {
    const test = [...(one.ContainerHierarchyTexts ?? []), one.LeafNodeText].join(' ').trim()
    return wanted.has(test) ? [outcomeOf(test, one)] : []
  })
  const setup = specs.find(one => one.LeafNodeType !== 'It' && isFailure(one.State))
  const found = new Set(outcomes.map(({ test }) => test))
  const missing = asked.filter(test => !found.has(test))
  return [...outcomes, ...missing.map(test => neverRan(test, setup?.Failure?.Message))]
}

const isFailure = (state: string) => !['passed', 'skipped', 'pending'].includes(state)

function outcomeOf(test: string, { State, RunTime, Failure }: z.infer<typeof spec>): Outcome {
  const message = Failure?.Message ?? ''
  const seconds = RunTime / 1e9
  if (State === 'passed') return { test, state: 'passed', seconds, message: '' }
  return { test, state: isFailure(State) ? 'failed' : 'skipped', seconds, message: message || State }
}

const neverRan = (test: string, why = 'the suite ended before it'): Outcome => ({
  test,
  state: 'failed',
  seconds: 0,
  message: `did not run: ${why}`,
})

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

export function countsOf(outcomes: readonly Outcome[]): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { state } of outcomes) counts[state] += 1
  return counts
}

/** The subject of a test: what stands first in its name, tags aside. */
const subjectOf = (test: string) =>
  /^\[sig-network\] (\[Feature:IPv6DualStack\]|.*?) (?=should|validates|version|A set|spec\.|Change|Forward)/.exec(
    test,
  )?.[1] ?? 'others'

/** A table of subjects, then every test that did not pass with its reason. */
export function formatOutcomes(outcomes: readonly Outcome[]): string {
  const groups = [...Map.groupBy(outcomes, ({ test }) => subjectOf(test))]
  const width = Math.max(...groups.map(([subject]) => subject.length), 8)
  const head = `${'subject'.padEnd(width)}  passed  failed  skipped  seconds`
  const lines = groups.map(([subject, tests]) => {
    const { passed, failed, skipped } = countsOf(tests)
    const seconds = tests.reduce((sum, one) => sum + one.seconds, 0)
    return `${subject.padEnd(width)}${[passed, failed].map(n => String(n).padStart(8)).join('')}${String(skipped).padStart(9)}${seconds.toFixed(0).padStart(9)}`
  })
  return [head, ...lines, ...listOf(outcomes, 'skipped'), ...listOf(outcomes, 'failed'), ''].join('\n')
}

function listOf(outcomes: readonly Outcome[], state: Outcome['state']): string[] {
  const these = outcomes.filter(one => one.state === state)
  if (these.length === 0) return []
  return [
    '',
    `${state}:`,
    ...these.map(({ test, message }) => `  ${test.replace('[sig-network] ', '')}\n      ${firstLines(message)}`),
  ]
}

const firstLines = (message: string) =>
  message
    .split('\n')
    .filter(line => line.trim() !== '')
    .slice(0, 4)
    .join('\n      ')
