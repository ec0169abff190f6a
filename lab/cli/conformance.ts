import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startCluster } from '../conformance/cluster.ts'
import { runPolicySuites, startPolicyCluster } from '../conformance/policy-api.ts'
import { countsOf, formatOutcomes } from '../conformance/report.ts'
import { runSuite } from '../conformance/suite.ts'
import { removeLab } from '../down.ts'
import { type Commands, print, progress } from './command.ts'
import { optionsOf, upOptions } from './lifecycle.ts'

const options = {
  ...upOptions,
  sources: { type: 'boolean' },
  focus: { type: 'string' },
  suite: { type: 'string' },
  quick: { type: 'boolean' },
  lanes: { type: 'string' },
  keep: { type: 'boolean' },
  report: { type: 'string' },
} as const

function suiteOf(value = 'kubernetes'): 'kubernetes' | 'network-policy-api' {
  if (value === 'kubernetes' || value === 'network-policy-api') return value
  throw new Error(`--suite: expected kubernetes or network-policy-api, got ${value}`)
}

/** Kubernetes' own tests. */
export const conformance: Commands = {
  e2e: {
    synopsis:
      'e2e [--suite kubernetes|network-policy-api] [options of up] [--focus REGEX] [--quick] [--lanes 4] [--sources] [--keep] [--report FILE]',
    about:
      "the network's tests of the Kubernetes conformance suite, or those of the network policy API, on a cluster of their own; --keep: on one that stays, and is taken again",
    async run(args) {
      const { values } = parseArgs({ args: [...args], options })
      const folder = mkdtempSync(join(tmpdir(), 'ovnkit-e2e-'))
      const wish = {
        ...optionsOf({ ...values, name: values.name ?? `e2e-${process.pid}` }),
        product: values.sources === true ? 'sources' : 'bundle',
        owned: values.keep !== true,
        progress,
        folder,
        quick: values.quick === true,
        lanes: Number(values.lanes ?? 4),
        ...(values.focus === undefined ? {} : { focus: new RegExp(values.focus) }),
      } as const
      const policies = suiteOf(values.suite) === 'network-policy-api'
      const lab = await (policies ? startPolicyCluster(wish) : startCluster(wish))
      const outcomes = await (policies ? runPolicySuites(lab, wish) : runSuite(lab, wish, print))
      const counts = countsOf(outcomes)
      print(`\n${formatOutcomes(outcomes)}\n`)
      const failures = outcomes
        .filter(({ state }) => state === 'failed')
        .map(({ test, message }) => `${test}\n${message}`)
      if (values.report !== undefined) writeFileSync(values.report, `${JSON.stringify({ ...counts, failures })}\n`)
      if (values.keep !== true) await removeLab(lab.name)
      print(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
      return counts.failed === 0 && counts.passed > 0 ? 0 : 1
    },
  },
}
