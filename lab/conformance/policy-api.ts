import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { resources } from '@ovnkit/kube'
import { environmentOf } from '../environment.ts'
import type { Lab } from '../lab.ts'
import { type LabOptions, startLab } from '../start.ts'
import type { Progress } from '../state/progress.ts'
import { run, runRaw } from '../state/run.ts'
import { waitFor } from '../state/wait.ts'
import { ensureTools, type Tools } from '../tools/ensure.ts'
import { filesOf, policyApiVersions, policyDefinitions, policySuiteName, toolSets } from '../tools/sets.ts'
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
  await definePolicyApi(lab, options.progress)
  return lab
}

/** Gives a cluster the API's own definitions of AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy. */
export async function definePolicyApi(lab: Lab, progress: Progress): Promise<void> {
  const env = await environmentOf(lab)
  for (const api of policyApiVersions) {
    const tools = await ensureTools(progress, [policySuiteName(api)])
    for (const file of definitionsOf(api, tools))
      await run(['kubectl', 'apply', '--server-side', '--force-conflicts', '-f', file], { env })
  }
  const wait = ['kubectl', 'wait', '--for=condition=Established', '--timeout=60s', 'crd', ...policyDefinitions]
  await run(wait, { env })
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
    await spacesGone(lab)
    outcomes.push(...(await runSuite(lab, api, tools.path('conformance.test'), options)))
  }
  return outcomes
}

/** Each suite has namespaces of the same names, and removes them without waiting. */
const spacesGone = async (lab: Lab): Promise<void> => {
  const client = await lab.client()
  const gone = async () =>
    !(await client.list(resources.namespaces)).items.some(({ metadata }) =>
      metadata?.name?.startsWith('network-policy-conformance'),
    )
  await waitFor(gone, { what: 'the end of the namespaces of an earlier run', within: 180_000, every: 500 })
}

const noSctp = "SCTP packets need the kernel's module sctp; in the virtual machine they are asked, too"

/** Cases of several protocols go on after what they asked by SCTP (v1alpha1), or end there (v1alpha2). */
function onlySctp(lines: readonly string[]): string | undefined {
  const failed = lines.filter(line => line.includes('FAILED Command was'))
  const all = failed.length > 0 && failed.every(line => line.includes('--protocol=sctp'))
  return all ? `of what it asked only SCTP failed: ${noSctp}` : undefined
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
  const outcomes = readGoReport(stdout, withSctp ? undefined : onlySctp).map(one => ({
    ...one,
    test: `${api} ${one.test.replace('TestConformance/', '')}`,
  }))
  if (withSctp) return outcomes
  const message = noSctp
  return [...outcomes, { test: `${api} SCTP`, state: 'skipped', seconds: 0, message }]
}
