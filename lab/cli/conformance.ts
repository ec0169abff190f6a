import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startCluster } from '../conformance/cluster.ts'
import { countsOf, formatOutcomes } from '../conformance/report.ts'
import { runSuite } from '../conformance/suite.ts'
import { removeLab } from '../down.ts'
import { type Commands, print, progress } from './command.ts'
import { optionsOf, upOptions } from './lifecycle.ts'

const options = {
  ...upOptions,
  sources: { type: 'boolean' },
  focus: { type: 'string' },
  quick: { type: 'boolean' },
  lanes: { type: 'string' },
  keep: { type: 'boolean' },
  report: { type: 'string' },
} as const

/** Kubernetes' own tests. */
export const conformance: Commands = {
  e2e: {
    synopsis: 'e2e [options of up] [--focus REGEX] [--quick] [--lanes 4] [--sources] [--keep] [--report FILE]',
    about:
      "the network's tests of the Kubernetes conformance suite, on a cluster of their own; --keep: on one that stays, and is taken again",
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
      const lab = await startCluster(wish)
      const outcomes = await runSuite(lab, wish, print)
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
