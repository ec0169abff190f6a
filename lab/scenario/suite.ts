import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { removeLab } from '../down.ts'
import { environmentOf } from '../environment.ts'
import type { Lab } from '../lab.ts'
import { productImages } from '../product/images.ts'
import { type LabOptions, startLab } from '../start.ts'
import { silentProgress } from '../state/progress.ts'
import { gatherLogs } from './failure.ts'
import { type Datapath, parseScenario, type Scenario } from './parse.ts'
import { runScenario, type StepResult } from './run.ts'

export const scenarioFolder = new URL('../scenarios', import.meta.url).pathname
const repository = new URL('../..', import.meta.url).pathname

/** Reads a scenario by its file name, with or without folder and extension. */
export function readScenario(name: string): Scenario {
  const file = name.includes('/') ? name : join(scenarioFolder, name.endsWith('.txt') ? name : `${name}.txt`)
  return parseScenario(file, readFileSync(file, 'utf8'))
}

export const allScenarios = (): Scenario[] =>
  readdirSync(scenarioFolder)
    .filter(name => name.endsWith('.txt'))
    .sort()
    .map(readScenario)

export interface Run {
  readonly scenario: Scenario
  readonly mode: 'light' | 'full'
  readonly datapath: Datapath
}

const runsEverywhere = (scenario: Scenario): Run[] =>
  scenario.datapaths.flatMap(datapath => scenario.modes.map(mode => ({ scenario, mode, datapath })))

export const kinds = ['light', 'kubelet', 'all', 'system'] as const

/** What `lab test KIND` runs: every short light one, one with kubelets, everything everywhere it can, or what needs the kernel's datapath. */
export function runsOf(kind: (typeof kinds)[number]): Run[] {
  const everything = allScenarios().flatMap(runsEverywhere)
  if (kind === 'system') return everything.filter(({ datapath, mode }) => datapath === 'system' && mode === 'light')
  const runs = everything.filter(({ datapath }) => datapath === 'netdev')
  if (kind === 'all') return runs
  if (kind === 'light') return runs.filter(({ scenario, mode }) => mode === 'light' && scenario.suite === 'short')
  return runs.filter(({ scenario, mode }) => mode === 'full' && basename(scenario.file) === 'first-pods.txt')
}

/** Scenarios by name, in every mode that they are written for, or in one of them; on the first datapath that they are written for, or a certain one. */
export const runsNamed = (
  names: readonly string[],
  only: { readonly mode?: string; readonly datapath?: string },
): Run[] =>
  names
    .map(readScenario)
    .flatMap(runsEverywhere)
    .filter(({ mode }) => only.mode === undefined || mode === only.mode)
    .filter(({ datapath, scenario }) => datapath === (only.datapath ?? scenario.datapaths[0]))

/** Runs a scenario on a lab and tells of each step; gathers logs when it fails. */
export async function runOn(lab: Lab, scenario: Scenario, tell: (text: string) => void): Promise<boolean> {
  const env = await environmentOf(lab)
  tell(`\n${scenario.title}  (${basename(scenario.file)}, ${lab.record.mode}, ${lab.nodes.length} nodes)\n`)
  const passed = await runScenario(scenario, { env, cwd: repository }, result => tell(describe(scenario, result)))
  if (!passed) tell(`  logs: ${await gatherLogs(lab, basename(scenario.file, '.txt'), env)}\n`)
  return passed
}

function describe({ file }: Scenario, { step, passed, seconds, tries, said }: StepResult): string {
  const first = step.command.split('\n')[0]?.replace(/\s*#.*$/, '') ?? ''
  const line = `  ${passed ? 'ok  ' : 'FAIL'} ${seconds.toFixed(1).padStart(5)} s  ${first.slice(0, 110)}\n`
  if (passed) return line
  const block = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map(one => `         | ${one}\n`)
      .join('')
  const expected = step.expected.length === 0 ? '         (success)\n' : block(step.expected.join('\n'))
  const asked = tries === 1 ? 'once' : `${tries} times in ${seconds.toFixed(0)} s`
  return `${line}       ${file}:${step.line}, asked ${asked}; expected:\n${expected}       said:\n${block(said)}`
}

export interface Counts {
  passed: number
  failed: number
  skipped: number
  /** What was told of each failed step. */
  failures: string[]
}

/**
 * Runs scenarios one after another. Those that want the same kind of lab share one, unless one of them failed: each leaves
 * the lab as it found it when it passes.
 * @throws Error, before the first of them, when some need images that are not there
 */
export async function runAll(runs: readonly Run[], options: LabOptions, tell: (text: string) => void): Promise<Counts> {
  if (runs.some(({ scenario }) => scenario.product === 'images')) productImages()
  const counts: Counts = { passed: 0, failed: 0, skipped: 0, failures: [] }
  const groups = Map.groupBy(
    runs,
    ({ scenario, mode, datapath }) =>
      `${mode}-${scenario.nodes}-${scenario.tunnel}-${scenario.families}-${scenario.gateway}-${datapath}-${scenario.proxy}-${scenario.central}-${scenario.databases}-${scenario.openvswitch}-${scenario.ovn}-${scenario.product}-${scenario.settings}`,
  )
  for (const group of groups.values()) {
    let lab: Lab | undefined
    for (const run of group) {
      lab ??= await startFor(run, options, tell)
      const passed = await runOn(lab, run.scenario, text => {
        if (text.startsWith('  FAIL')) counts.failures.push(`${basename(run.scenario.file)} (${run.mode})\n${text}`)
        tell(text)
      })
      counts[passed ? 'passed' : 'failed'] += 1
      if (!passed) lab = await end(lab)
    }
    await end(lab)
  }
  return counts
}

async function startFor(
  { scenario, mode, datapath }: Run,
  options: LabOptions,
  tell: (text: string) => void,
): Promise<Lab> {
  const began = performance.now()
  const name = `test-${process.pid}`
  const { nodes, tunnel, families, gateway, ovn, settings } = scenario
  const product = scenario.product === 'images' ? { product: 'images' as const } : {}
  const lab = await startLab({
    progress: silentProgress,
    ...options,
    ...product,
    name,
    mode,
    nodes,
    tunnel,
    families,
    gateway,
    datapath,
    ovn,
    central: scenario.central === 'lab',
    tls: scenario.databases === 'tls',
    kubeProxy: scenario.proxy === 'kube-proxy',
    // The userspace connection tracking of 3.1 ends on an assertion now and then.
    openvswitch: scenario.openvswitch === 'dpdk' ? 'dpdk' : datapath === 'netdev' ? 'newer' : 'host',
    settings,
    controllers: true,
    owned: true,
  })
  tell(
    `\nlab ${name}: ${mode}, ${nodes} nodes, ${families}, ${tunnel}, up in ${((performance.now() - began) / 1000).toFixed(1)} s\n`,
  )
  return lab
}

async function end(lab: Lab | undefined): Promise<undefined> {
  await lab?.close()
  if (lab !== undefined) await removeLab(lab.name)
}
