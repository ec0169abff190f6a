import { parseArgs } from 'node:util'
import { openLab } from '../lab.ts'
import { describe } from '../policy/judge.ts'
import { type Step, walk } from '../policy/run.ts'
import { generatedWay, keptWays, readWay, type Way } from '../policy/ways.ts'
import { type Commands, defaultName, named, print } from './command.ts'

const options = {
  ...named,
  cases: { type: 'string' },
  seed: { type: 'string' },
  kept: { type: 'boolean' },
} as const

/** So many disagreements of one state are told; a broken rule has hundreds. */
const shown = 20

/** Policies against the evaluator of the documents. */
export const policies: Commands = {
  policy: {
    synopsis: 'policy [--cases 20] [--seed N] | --kept | FILE...',
    about:
      'policies and their changes, generated or kept: after each everybody asks everybody; compare with what the API promises',
    async run(args) {
      const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
      const steps = await walk(openLab(values.name ?? defaultName()), waysOf(values, positionals), tell)
      const wrong = steps.reduce((sum, { checked }) => sum + checked.wrong.length, 0)
      const asked = steps.reduce((sum, { checked }) => sum + checked.asked, 0)
      print(`${steps.length} states, ${asked} connections, ${wrong} disagree\n`)
      return wrong === 0 ? 0 : 1
    },
  },
}

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

function waysOf({ kept, seed, cases }: Values, files: readonly string[]): Way[] {
  if (files.length > 0) return files.map(readWay)
  if (kept === true) return keptWays()
  return [generatedWay(Number(seed ?? Math.floor(Math.random() * 2 ** 31)), Number(cases ?? 20))]
}

function tell({ way, after, checked, trace }: Step): void {
  const { asked, open, wrong, late, lateMs } = checked
  const slow = late === 0 ? '' : `; ${late} not at once, all after ${lateMs} ms`
  print(
    `${way.title}, change ${after} (${way.changes[after - 1]?.kind ?? 'none'}): ${asked} asked, ${open} open${slow}\n`,
  )
  if (wrong.length === 0) return
  const lines = wrong.slice(0, shown).map(({ probe, what }) => describe(probe, what))
  print([...lines, `${wrong.length} disagree; OVN says of the first:`, ...trace].map(line => `  ${line}\n`).join(''))
  print(`  again: lab policy ${way.title.startsWith('--seed') ? `${way.title} --cases ${after}` : way.title}\n`)
}
