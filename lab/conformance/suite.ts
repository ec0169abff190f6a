import { mkdirSync, readFileSync } from 'node:fs'
import { environmentOf } from '../environment.ts'
import type { Lab } from '../lab.ts'
import { type LabOptions, startLab } from '../start.ts'
import type { Progress } from '../state/progress.ts'
import { run } from '../state/run.ts'
import { ensureTools } from '../tools/ensure.ts'
import { namesIn, planRun, type RunPlan } from './plan.ts'
import type { Outcome } from './report.ts'
import { runTests, type SuiteOptions } from './shards.ts'
import { quick } from './skips.ts'

export interface ConformanceOptions extends LabOptions {
  readonly progress: Progress
  readonly focus?: RegExp
  /** Only the few minutes' worth. */
  readonly quick?: boolean
  /** How many tests run at once. Default 4: they mostly wait. */
  readonly lanes?: number
  /** Where logs and reports go. */
  readonly folder: string
}

const coredns = new URL('../scenarios/manifests/coredns.yaml', import.meta.url).pathname

/** A cluster as the suite expects one: its images, zones, and DNS behind a Service. One of the same name is taken as it is. */
export async function startCluster(options: LabOptions & { readonly progress: Progress }): Promise<Lab> {
  const lab = await startLab({ ...options, mode: 'full', images: 'conformance', openvswitch: 'newer' })
  const env = await environmentOf(lab)
  const text = readFileSync(coredns, 'utf8').replace('LAB_DNS_SERVICE', lab.plan.dnsService)
  await run(['kubectl', 'apply', '-f', '-'], { env, stdin: text })
  await letApiServerIn(lab)
  const wait = ['-n', 'kube-system', 'rollout', 'status', 'deployment', 'coredns', '--timeout=180s']
  await options.progress.step('names are served', () => run(['kubectl', ...wait], { env }))
  return lab
}

/**
 * The API server proxies requests to pods, so its machine needs a way to them; it is no node of the cluster, so the first node stands for it.
 */
async function letApiServerIn(lab: Lab): Promise<void> {
  const [node = ''] = lab.nodes
  const ranges = lab.record.podCidr.split(',')
  const routes = lab.plan.networks.map(({ family, node: address }) => {
    const range = ranges.find(one => one.includes(':') === (family === 6))
    return `route replace ${range} via ${address(node)}\n`
  })
  await lab.exec('control', ['ip', '-batch', '-'], { stdin: routes.join('') })
  const rules = lab.plan.networks.map(
    ({ family, control }) =>
      `add rule inet lab api ${family === 6 ? 'ip6' : 'ip'} saddr ${control} oifname "ovn-mp0" masquerade\n`,
  )
  const chain = 'add chain inet lab api { type nat hook postrouting priority 90; }\n'
  await lab.exec(node, ['nft', '-f', '-'], {
    stdin: `add table inet lab\ndelete table inet lab\nadd table inet lab\n${chain}${rules.join('')}`,
  })
}

/** Runs the network's part of the conformance suite on a cluster; one outcome for each test, those left out included. */
export async function runSuite(
  lab: Lab,
  options: ConformanceOptions,
  tell: (text: string) => void,
): Promise<Outcome[]> {
  const tools = await ensureTools(options.progress, ['kubernetes', 'e2e'])
  const program = tools.path('e2e.test')
  const plan = planRun(namesIn(await run([program, '--list-tests'])), {
    families: lab.record.families,
    nodes: lab.nodes.length,
    ...(options.focus === undefined ? {} : { focus: options.focus }),
    ...(options.quick === true ? { only: quick } : {}),
  })
  mkdirSync(options.folder, { recursive: true })
  const suite = {
    program,
    kubectl: tools.path('kubectl'),
    kubeconfig: lab.kubeconfig,
    nodes: lab.nodes.length,
    folder: options.folder,
  }
  return [...(await runPlan(plan, options.lanes ?? 4, suite, tell)), ...plan.skipped.map(leftOut)]
}

const leftOut = ({ test, reason }: RunPlan['skipped'][number]): Outcome => ({
  test,
  state: 'skipped',
  seconds: 0,
  message: reason,
})

async function runPlan(
  { parallel, alone, skipped }: RunPlan,
  lanes: number,
  suite: SuiteOptions,
  tell: (text: string) => void,
): Promise<Outcome[]> {
  tell(
    `${parallel.length} tests in ${lanes} lanes, then ${alone.length} alone; ${skipped.length} left out; logs in ${suite.folder}\n`,
  )
  const total = parallel.length + alone.length
  let done = 0
  const onDone = ({ test, state, seconds }: Outcome) => {
    done += 1
    const what = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' }[state]
    tell(
      `${what} ${String(done).padStart(3)}/${total} ${seconds.toFixed(0).padStart(4)} s  ${test.replace('[sig-network] ', '')}\n`,
    )
  }
  const side = await runTests(parallel, lanes, suite, onDone)
  return [...side, ...(await runTests(alone, 1, suite, onDone))]
}
