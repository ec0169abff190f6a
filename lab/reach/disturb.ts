import { readFileSync, rmSync } from 'node:fs'
import { resources } from '@ovnkit/kube'
import { environmentOf } from '../environment.ts'
import type { Lab } from '../lab.ts'
import { logFile, startService, stopService } from '../machine/service.ts'
import { inUrl } from '../state/plan.ts'
import { run } from '../state/run.ts'
import { waitFor } from '../state/wait.ts'
import { agnhostImage } from '../tools/images/recipes.ts'
import { inNetworkOf, type Speaker, speaker } from './pods.ts'

/** Requests that fail on every path while one component after another ends and starts again. */

const namespace = 'disturbed'
const program = new URL('steady.ts', import.meta.url).pathname
const service = 'steady'

/** Who asks, and what: names of paths with their URLs. */
interface Asker {
  readonly machine: string
  readonly enter: readonly string[]
  readonly targets: readonly (readonly [string, string])[]
}

export interface Disturbance {
  readonly machine: string
  /** A service of the machine; `nothing`: the machine and the paths as they are, to compare with. */
  readonly component: string
  /** Ended by SIGKILL, or by SIGTERM as an upgrade does. */
  readonly how: NodeJS.Signals
}

export interface Damage extends Disturbance {
  readonly paths: readonly {
    readonly path: string
    readonly asked: number
    readonly failed: number
    readonly line: string
  }[]
}

/** Every component of a lab of two nodes; our own processes both ways. */
export const everyComponent: readonly Disturbance[] = [
  { machine: 'control', component: 'nothing', how: 'SIGTERM' },
  ...(['SIGKILL', 'SIGTERM'] as const).flatMap(how => [
    { machine: 'control', component: 'controller', how },
    { machine: 'n1', component: 'agent', how },
    { machine: 'n2', component: 'agent', how },
  ]),
  // By SIGTERM it takes its flows along: whoever replaces it asks it to leave them (ovn-appctl exit --restart).
  { machine: 'n1', component: 'ovn-controller', how: 'SIGKILL' },
  { machine: 'control', component: 'northd', how: 'SIGKILL' },
  { machine: 'control', component: 'nb', how: 'SIGKILL' },
  { machine: 'control', component: 'sb', how: 'SIGKILL' },
  { machine: 'control', component: 'apiserver', how: 'SIGKILL' },
  { machine: 'n1', component: 'ovsdb-server', how: 'SIGKILL' },
  { machine: 'n2', component: 'ovs-vswitchd', how: 'SIGKILL' },
]

/** Disturbs a lab once for each; `rate` new connections a second on every path meanwhile. */
export async function disturb(
  lab: Lab,
  disturbances: readonly Disturbance[],
  rate: number,
  tell: (damage: Damage) => void,
): Promise<Damage[]> {
  const kubectl = await kubectlOf(lab)
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: world() }))
  try {
    await kubectl(['-n', namespace, 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=60s'])
    const askers = await askersOf(lab)
    const all: Damage[] = []
    for (const one of disturbances) {
      // What the one before did must be over.
      await waitFor(() => allAnswer(lab, askers), { what: 'an answer on every path', within: 60_000, every: 500 })
      const damage = {
        ...one,
        paths: await watched(lab, askers, rate, async () => {
          if (one.component !== 'nothing') await lab.restart(one.machine, one.component, one.how)
        }),
      }
      tell(damage)
      all.push(damage)
    }
    return all
  } finally {
    await kubectl(['delete', 'namespace', namespace, '--timeout=60s'])
  }
}

async function kubectlOf(lab: Lab) {
  const env = await environmentOf(lab)
  return (args: readonly string[], stdin?: string) =>
    run(['kubectl', ...args], { env, ...(stdin === undefined ? {} : { stdin }) })
}

const labels = { app: 'web' }

function world(): unknown[] {
  const pod = (name: string, node: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: name.startsWith('web') ? labels : {} },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'web', image: agnhostImage, args: ['netexec', '--http-port=8080'] }],
    },
  })
  const balanced = (name: string, spec: object) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { type: 'NodePort', selector: labels, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  })
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    pod('client', 'n1'),
    pod('near', 'n1'),
    pod('far', 'n2'),
    // Nobody is asked both directly and by way of a Service: a client's ports are its own only for each address that it asks, and where two connections
    // would become one behind the balancer the userspace connection tracking drops the second.
    pod('web-near', 'n1'),
    pod('web-far', 'n2'),
    balanced('cluster', {}),
    balanced('local', { externalTrafficPolicy: 'Local' }),
  ]
}

async function askersOf(lab: Lab): Promise<Asker[]> {
  const client = await lab.client()
  const [self, near, far] = await Promise.all(
    ['client', 'near', 'far'].map(name => speaker(lab, `${namespace}/${name}`)),
  )
  if (self === undefined || near === undefined || far === undefined)
    throw new Error('the pods of the paths are not there')
  const { spec } = await client.get(resources.services, { namespace, name: 'cluster' })
  const local = await client.get(resources.services, { namespace, name: 'local' })
  const nodePort = spec?.ports?.[0]?.nodePort
  const localPort = local.spec?.ports?.[0]?.nodePort
  const url = (address = '', port = 80) => `http://${inUrl(address)}:${port}/hostname`
  const pod = ({ addresses }: Speaker) => url(addresses[0], 8080)
  const [one, two] = lab.nodes.map(node => lab.plan.nodeAddress(node))
  const from = (machine: string, enter: readonly string[], targets: Asker['targets']): Asker => ({
    machine,
    enter,
    targets,
  })
  return [
    from('n1', await inNetworkOf(lab, self), [
      ['pod-pod', pod(near)],
      ['pod-pod-across', pod(far)],
      ['pod-ClusterIP', url(spec?.clusterIP)],
    ]),
    from(
      'n1',
      [],
      [
        ['node-pod-across', pod(far)],
        ['node-ClusterIP', url(spec?.clusterIP)],
      ],
    ),
    from(
      'client',
      [],
      [
        ['outside-NodePort', url(one, nodePort)],
        ['outside-NodePort-Local', url(two, localPort)],
      ],
    ),
  ]
}

async function allAnswer(lab: Lab, askers: readonly Asker[]): Promise<boolean> {
  const asked = askers.flatMap(({ machine, enter, targets }) =>
    targets.map(([, url]) => lab.tryExec(machine, [...enter, 'curl', '-s', '-o', '/dev/null', '--max-time', '2', url])),
  )
  return (await Promise.all(asked)).every(({ code }) => code === 0)
}

/** Asks along every path while `work` runs and a while after. */
async function watched(
  lab: Lab,
  askers: readonly Asker[],
  rate: number,
  work: () => Promise<void>,
): Promise<Damage['paths']> {
  const names = askers.map((_, i) => `${service}-${i}`)
  await Promise.all(askers.map((asker, i) => startAsking(lab, names[i] ?? '', asker, rate)))
  try {
    await work()
    await new Promise(resolve => setTimeout(resolve, settling))
  } finally {
    await Promise.all(askers.map(({ machine }, i) => stopService(lab.machine(machine), names[i] ?? '', 'SIGTERM')))
  }
  return askers.flatMap(({ machine }, i) => read(lab, machine, names[i] ?? '').flatMap(line => pathIn(line) ?? []))
}

/** Milliseconds in which a component that started again finds its work done. */
const settling = 4000

async function startAsking(lab: Lab, name: string, { machine, enter, targets }: Asker, rate: number): Promise<void> {
  rmSync(logFile(lab.machine(machine), name), { force: true })
  const words = targets.map(([path, url]) => `${path}=${url}`)
  await startService(lab.machine(machine), {
    name,
    argv: [...enter, process.execPath, program, String(rate), ...words],
    ready: async () => read(lab, machine, name).includes('asking'),
  })
}

const read = (lab: Lab, machine: string, name: string) =>
  readFileSync(logFile(lab.machine(machine), name), 'utf8').split('\n')

function pathIn(line: string) {
  const found = /^(\S+): (\d+) of (\d+) failed/.exec(line)
  if (found === null) return undefined
  const [, path = '', failed, asked] = found
  return { path, failed: Number(failed), asked: Number(asked), line }
}

/** Components by paths, in failed requests. */
export function formatDamage(all: readonly Damage[]): string {
  const paths = all[0]?.paths.map(({ path }) => path) ?? []
  const head = `| component | ${paths.join(' | ')} |\n|---|${paths.map(() => '---:').join('|')}|`
  const rows = all.map(
    ({ machine, component, how, paths: cells }) =>
      `| ${component} on ${machine}, ${how} | ${cells.map(({ failed, asked }) => `${failed} of ${asked}`).join(' | ')} |`,
  )
  return [head, ...rows, ''].join('\n')
}
