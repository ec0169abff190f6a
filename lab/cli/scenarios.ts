import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { openLab } from '../lab.ts'
import { kinds, readScenario, runAll, runOn, runsNamed, runsOf } from '../scenario/suite.ts'
import { type Commands, defaultName, named, print } from './command.ts'

export const scenarios: Commands = {
  run: {
    synopsis: 'run SCENARIO...',
    about: 'run scenarios (names or files of lab/scenarios) on the lab',
    async run(args) {
      const { values, positionals } = parseArgs({ args: [...args], options: named, allowPositionals: true })
      const lab = openLab(values.name ?? defaultName())
      let failed = 0
      for (const name of positionals) if (!(await runOn(lab, readScenario(name), print))) failed += 1
      return failed === 0 ? 0 : 1
    },
  },
  test: {
    synopsis:
      'test light|kubelet|all|system|SCENARIO... [--mode light|full] [--datapath netdev|system] [--sources] [--report FILE]',
    about:
      'run scenarios on labs of their own, with the bundles of dist/; system: those for a kernel with openvswitch (under lab vm)',
    async run(args) {
      const text = { type: 'string' } as const
      const options = { sources: { type: 'boolean' }, mode: text, datapath: text, report: text } as const
      const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
      const kind = kinds.find(one => one === positionals[0])
      const runs = kind === undefined ? runsNamed(positionals, values) : runsOf(kind)
      if (positionals.length === 0) throw new Error(`expected ${kinds.join(', ')} or names of scenarios; got nothing`)
      if (runs.length === 0)
        throw new Error(
          `expected a mode and a datapath that ${positionals} is written for; got --mode ${values.mode ?? 'of any kind'} --datapath ${values.datapath ?? 'of its own'}`,
        )
      const counts = await runAll(runs, { product: values.sources === true ? 'sources' : 'bundle' }, print)
      if (values.report !== undefined) writeFileSync(values.report, `${JSON.stringify(counts)}\n`)
      print(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
      return counts.failed === 0 ? 0 : 1
    },
  },
}
