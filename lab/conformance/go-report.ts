import type { Outcome } from './report.ts'

const states = { PASS: 'passed', FAIL: 'failed', SKIP: 'skipped' } as const

/**
 * What `go test -v` said of each test that has no tests inside: lines `--- PASS: Test/case (1.20s)`, before them what a test logged, of which the end tells why it failed.
 *
 * @param excuse why a failure with these lines says nothing about what is tested, or undefined
 */
export function readGoReport(
  text: string,
  excuse: (lines: readonly string[]) => string | undefined = () => undefined,
): Outcome[] {
  const outcomes: Outcome[] = []
  const logged = new Map<string, string[]>()
  let current = ''
  for (const line of text.split('\n')) {
    const begins = /^=== (?:RUN|CONT|NAME) +(\S.*)$/.exec(line)
    const ends = /^\s*--- (PASS|FAIL|SKIP): (\S.*) \(([\d.]+)s\)$/.exec(line)
    if (begins !== null) current = begins[1] ?? ''
    else if (ends !== null) outcomes.push(excused(outcomeOf(ends, logged), logged, excuse))
    else if (line.startsWith('    ')) logged.set(current, [...(logged.get(current) ?? []), line.trim()])
  }
  const parents = new Set(outcomes.flatMap(({ test }) => parentsOf(test)))
  return outcomes.filter(({ test }) => !parents.has(test))
}

function outcomeOf(
  [, state = '', test = '', seconds]: RegExpExecArray,
  logged: ReadonlyMap<string, string[]>,
): Outcome {
  const known = state === 'PASS' || state === 'SKIP' ? states[state] : states.FAIL
  const message = known === 'passed' ? '' : (logged.get(test) ?? []).slice(-8).join('\n')
  return { test, state: known, seconds: Number(seconds), message }
}

function excused(
  outcome: Outcome,
  logged: ReadonlyMap<string, string[]>,
  excuse: (lines: readonly string[]) => string | undefined,
): Outcome {
  const reason = outcome.state === 'failed' ? excuse(logged.get(outcome.test) ?? []) : undefined
  return reason === undefined ? outcome : { ...outcome, state: 'skipped', message: reason }
}

const parentsOf = (test: string): string[] => {
  const parts = test.split('/')
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'))
}
