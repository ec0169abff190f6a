import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentOf } from '../environment.ts'
import type { Lab } from '../lab.ts'
import { type LabOptions, startLab } from '../start.ts'
import type { Progress } from '../state/progress.ts'
import { run, runRaw } from '../state/run.ts'
import { ensureTools, type Tools } from '../tools/ensure.ts'
import { filesOf, policyApiVersions, policySuiteName, toolSets } from '../tools/sets.ts'
import { readGoReport } from './go-report.ts'
import type { Outcome } from './report.ts'

/** Default: every case. */
export interface PolicyApiOptions extends LabOptions {
  readonly progress: Progress
  readonly focus?: RegExp
  /** Where logs go. */
  readonly folder: string
}

/** A cluster with the definitions of the network policy API, on an OVN that can pass decisions on. */
export async function startPolicyCluster(options: PolicyApiOptions): Promise<Lab> {
  const lab = await startLab({ ...options, mode: 'full', images: 'policies', openvswitch: 'newer', ovn: 'newer' })
  const env = await environmentOf(lab)
  for (const api of policyApiVersions) {
    const tools = await ensureTools(options.progress, [policySuiteName(api)])
    for (const file of definitionsOf(api, tools))
      await run(['kubectl', 'apply', '--server-side', '--force-conflicts', '-f', file], { env })
  }
  return lab
}

const definitionsOf = (api: string, tools: Tools): string[] =>
  toolSets
    .filter(({ name }) => name === policySuiteName(api))
    .flatMap(set => filesOf(set).map(name => tools.path(name)))

/** Runs the conformance suites of the network policy API, the older version of the API first; one outcome for each case. */
export async function runPolicySuites(lab: Lab, options: PolicyApiOptions): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const api of policyApiVersions) {
    const tools = await ensureTools(options.progress, [policySuiteName(api)])
    outcomes.push(...(await runSuite(lab, api, tools.path('conformance.test'), options)))
  }
  return outcomes
}

async function runSuite(
  lab: Lab,
  api: string,
  program: string,
  { progress, folder, focus }: PolicyApiOptions,
): Promise<Outcome[]> {
  const withSctp = /^SCTP/m.test(readFileSync('/proc/net/protocols', 'utf8'))
  const argv = [
    program,
    '-test.v',
    '-test.timeout=2h',
    `-test.run=^TestConformance$/${focus?.source ?? ''}`,
    ...(withSctp ? [] : ['-test.skip=^TestConformance$/SCTP']),
    '-all-features',
  ]
  const env = { KUBECONFIG: lab.kubeconfig }
  const { stdout, stderr } = await progress.long(`suite of ${api}`, () => runRaw(argv, { env, cwd: folder }))
  writeFileSync(join(folder, `${api}.txt`), `${stdout}${stderr}`)
  const outcomes = readGoReport(stdout).map(one => ({
    ...one,
    test: `${api} ${one.test.replace('TestConformance/', '')}`,
  }))
  if (withSctp) return outcomes
  const message = "SCTP packets need the kernel's module sctp; in the virtual machine they are asked, too"
  return [...outcomes, { test: `${api} SCTP`, state: 'skipped', seconds: 0, message }]
}
