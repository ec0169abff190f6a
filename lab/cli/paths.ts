import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { openLab } from '../lab.ts'
import { walkPaths } from '../paths/run.ts'
import { formatPaths, summaryOf } from '../paths/table.ts'
import { patience } from '../state/wait.ts'
import { type Commands, defaultName, named, print } from './command.ts'

const options = {
  ...named,
  json: { type: 'string' },
  patience: { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
} as const

/** Every way to a Service. */
export const paths: Commands = {
  paths: {
    synopsis: 'paths [-q] [--patience 3] [--json FILE]',
    about:
      'ask along every path (client x type of Service x policy x endpoint x family x protocol) and compare with what the API promises',
    async run(args) {
      const { values } = parseArgs({ args: [...args], options })
      const lab = openLab(values.name ?? defaultName())
      const verdicts = await walkPaths(lab, { patience: Number(values.patience ?? 3) * patience * 1000 })
      const complete = verdicts.every(({ wrong }) => wrong === undefined)
      if (values.json !== undefined)
        writeFileSync(
          values.json,
          `${JSON.stringify({ families: lab.record.families, gateway: lab.record.gateway, verdicts }, null, 1)}\n`,
        )
      print(values.quiet === true && complete ? `${summaryOf(verdicts)}\n` : formatPaths(verdicts))
      return complete ? 0 : 1
    },
  },
}
