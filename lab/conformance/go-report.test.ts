import { expect, it } from 'vitest'
import { readGoReport } from './go-report.ts'

const text = `=== RUN   TestConformance
    suite.go:1: Setup
=== RUN   TestConformance/Egress
=== RUN   TestConformance/Egress/allows
=== RUN   TestConformance/Egress/denies
    helper.go:7: FAILED to execute
    helper.go:8: Condition never satisfied
=== RUN   TestConformance/SCTP
    suite.go:9: Skipping SCTP
--- FAIL: TestConformance (4.00s)
    --- FAIL: TestConformance/Egress (3.00s)
        --- PASS: TestConformance/Egress/allows (1.00s)
        --- FAIL: TestConformance/Egress/denies (2.50s)
    --- SKIP: TestConformance/SCTP (0.00s)
FAIL
`

it('has an outcome for each innermost test, with what it said', () => {
  expect(readGoReport(text)).toEqual([
    { test: 'TestConformance/Egress/allows', state: 'passed', seconds: 1, message: '' },
    {
      test: 'TestConformance/Egress/denies',
      state: 'failed',
      seconds: 2.5,
      message: 'helper.go:7: FAILED to execute\nhelper.go:8: Condition never satisfied',
    },
    { test: 'TestConformance/SCTP', state: 'skipped', seconds: 0, message: 'suite.go:9: Skipping SCTP' },
  ])
})

it('a test that ends before its cases is a failure itself', () => {
  expect(readGoReport('=== RUN   Test\n    x.go:1: no cluster\n--- FAIL: Test (0.10s)\n')).toMatchObject([
    { test: 'Test', state: 'failed', message: 'x.go:1: no cluster' },
  ])
})

it('a failure that says nothing about what is tested is one that was left out', () => {
  const [, denies] = readGoReport(text, lines =>
    lines.some(line => line.includes('FAILED')) ? 'no kernel for it' : undefined,
  )
  expect(denies).toMatchObject({ state: 'skipped', message: 'no kernel for it' })
  expect(readGoReport(text, () => undefined)[1]).toMatchObject({ state: 'failed' })
})
