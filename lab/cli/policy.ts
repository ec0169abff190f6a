import { parseArgs } from 'node:util'
import { beginning } from '@ovnkit/cni-policy/testing'
import { definePolicyApi } from '../conformance/policy-api.ts'
import { type Lab, openLab } from '../lab.ts'
import { walkDuring } from '../policy/during.ts'
import { describe } from '../policy/judge.ts'
import { type Step, walk } from '../policy/run.ts'
import { Stage } from '../policy/stage.ts'
import { denied, type Started, watchStart } from '../policy/start.ts'
import { generatedWay, hasClusterPolicies, keptWays, readWay, type Way } from '../policy/ways.ts'
import { type Commands, defaultName, named, print, progress } from './command.ts'

const options = {
  ...named,
  cases: { type: 'string' },
  seed: { type: 'string' },
  every: { type: 'string' },
  kept: { type: 'boolean' },
  cluster: { type: 'boolean' },
  mixed: { type: 'boolean' },
  during: { type: 'boolean' },
  starts: { type: 'boolean' },
} as const

/** So many disagreements of one state are told; a broken rule has hundreds. */
const shown = 20

/** Policies against the evaluator of the documents. */
export const policies: Commands = {
  policy: {
    synopsis:
      'policy [--cases 20] [--seed N] [--every 1] [--cluster | --mixed] [--during | --starts] | --kept | FILE...',
    about:
      'policies and their changes, generated or kept: after each (or each --every of them) everybody asks everybody, and what comes is compared with what the API promises; --cluster: AdminNetworkPolicies, BaselineAdminNetworkPolicies and ClusterNetworkPolicies, --mixed: beside NetworkPolicies; --during: connections under each change; --starts: the first moments of pods that nobody may talk to',
    async run(args) {
      const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
      const lab = openLab(values.name ?? defaultName())
      const ways = values.starts === true ? [] : waysOf(values, positionals)
      if (values.cluster === true || ways.some(hasClusterPolicies)) await definePolicyApi(lab, progress)
      if (values.starts === true) return start(lab, Number(values.cases ?? 5), values.cluster === true)
      return values.during === true ? changeUnder(lab, ways) : compare(lab, ways)
    },
  },
}

async function compare(lab: Lab, ways: readonly Way[]): Promise<number> {
  const steps = await walk(lab, ways, tell)
  const wrong = steps.reduce((sum, { checked }) => sum + checked.wrong.length + checked.untold.length, 0)
  const asked = steps.reduce((sum, { checked }) => sum + checked.asked, 0)
  print(`${steps.length} states, ${asked} connections, ${wrong} disagree\n`)
  return wrong === 0 ? 0 : 1
}

async function changeUnder(lab: Lab, ways: readonly Way[]): Promise<number> {
  const { watched, faults } = await walkDuring(
    lab,
    ways.flatMap(({ changes }) => changes),
    line => print(`${line}\n`),
  )
  print(`${watched.length} connections under changes, ${faults} with a fault\n`)
  return faults === 0 ? 0 : 1
}

async function start(lab: Lab, times: number, clusterPolicies: boolean): Promise<number> {
  await using stage = await Stage.open(lab, beginning, { clusterPolicies })
  let leaked = 0
  let conclusive = 0
  for (let i = 0; i < times; i++) {
    const [shut, open] = await watchStart(stage, clusterPolicies ? denied.cluster : denied.network)
    const line = ({ pod, answered, asked, early }: Started) =>
      `${pod}: ${answered} of ${asked} answered, ${early} ms early`
    print(`denied ${line(shut)}; not denied ${line(open)}\n`)
    leaked += shut.answered
    if (open.answered > 0 && shut.early > 0) conclusive += 1
  }
  print(`${times} starts, ${conclusive} watched from before their network, ${leaked} packets too many\n`)
  return leaked === 0 && conclusive > 0 ? 0 : 1
}

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

function waysOf({ kept, seed, cases, cluster, mixed, every }: Values, files: readonly string[]): Way[] {
  if (files.length > 0) return files.map(readWay)
  if (kept === true) return keptWays()
  const kinds = mixed === true ? 'mixed' : cluster === true ? 'cluster' : 'network'
  return [
    generatedWay(Number(seed ?? Math.floor(Math.random() * 2 ** 31)), Number(cases ?? 20), kinds, Number(every ?? 1)),
  ]
}

function tell({ way, after, checked, trace }: Step): void {
  const { asked, open, wrong, untold, late, lateMs } = checked
  const slow = late === 0 ? '' : `; ${late} not at once, all after ${lateMs} ms`
  print(
    `${way.title}, change ${after} (${way.changes[after - 1]?.kind ?? 'none'}): ${asked} asked, ${open} open${slow}\n`,
  )
  print(untold.map(line => `  ${line}\n`).join(''))
  if (wrong.length === 0) return
  const lines = wrong.slice(0, shown).map(({ probe, what }) => describe(probe, what))
  print([...lines, `${wrong.length} disagree; OVN says of the first:`, ...trace].map(line => `  ${line}\n`).join(''))
  print(`  again: lab policy ${way.title.startsWith('--') ? `${way.title} --cases ${after}` : way.title}\n`)
}
