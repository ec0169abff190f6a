import { readFileSync } from 'node:fs'
import { environmentOf } from '../environment.ts'
import type { Lab } from '../lab.ts'
import { formatMatrix, reachability } from '../reach/matrix.ts'
import { speakersOf } from '../reach/pods.ts'
import { type LabOptions, startLab } from '../start.ts'
import type { Progress } from '../state/progress.ts'
import { run } from '../state/run.ts'
import { waitFor } from '../state/wait.ts'

const repository = new URL('../..', import.meta.url).pathname
const examples = 'cni/examples/overlay-network'
const coredns = 'lab/scenarios/manifests/coredns.yaml'
const names = [
  'app-0.app.demo.svc.cluster.local',
  'db-1.db.database.svc.cluster.local',
  'kubernetes.default.svc.cluster.local',
]

type Kubectl = (...args: readonly string[]) => Promise<string>

/**
 * The main job, shown: a cluster, Subnets and pods applied with kubectl, who reaches whom, and names resolved. The cluster stays.
 * Can be run again on the cluster that it left. Returns whether everything was reached.
 */
export async function demo(
  options: LabOptions & { readonly progress: Progress },
  print: (text: string) => void,
): Promise<boolean> {
  const { progress } = options
  const lab = await startLab(options)
  const env = await environmentOf(lab)
  const kubectl: Kubectl = (...args) => run(['kubectl', ...args], { env, cwd: repository })
  await progress.step('kubectl apply: Subnets, pods, CoreDNS', () => applyAll(lab, kubectl))
  await progress.step('pods Ready', () => podsReady(kubectl))
  print(`\n$ kubectl get nodes,subnets\n${await kubectl('get', 'nodes,subnets')}`)
  print(
    `\n$ kubectl get pods -A -o wide\n${await kubectl('get', 'pods', '-A', '-o', 'custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,IP:.status.podIP,NODE:.spec.nodeName,SUBNET:.metadata.annotations.zstack\\.io/subnet')}`,
  )
  const reached = await showMatrix(lab, progress, print)
  const resolved = await showNames(lab, kubectl, print)
  print(farewell(lab))
  return reached && resolved
}

async function applyAll(lab: Lab, kubectl: Kubectl): Promise<void> {
  // A pod takes the Subnet that its namespace has when it is created.
  await kubectl('apply', '-f', `${examples}/app-subnet.yaml`, '-f', `${examples}/db-subnet.yaml`)
  await kubectl('wait', '--for=jsonpath={.status.phase}=Active', '--timeout=60s', 'subnet', '--all')
  const text = readFileSync(`${repository}/${coredns}`, 'utf8').replace('LAB_DNS_SERVICE', lab.plan.dnsService)
  await run(['kubectl', 'apply', '-f', '-'], { env: await environmentOf(lab), stdin: text })
  await kubectl('apply', '-f', 'lab/demo/pods.yaml')
}

async function podsReady(kubectl: Kubectl): Promise<void> {
  const rollouts = [
    ['demo', 'daemonset/web'],
    ['demo', 'daemonset/host'],
    ['demo', 'statefulset/app'],
    ['database', 'statefulset/db'],
    ['kube-system', 'deployment/coredns'],
  ] as const
  await Promise.all(
    rollouts.map(([namespace, name]) => kubectl('-n', namespace, 'rollout', 'status', name, '--timeout=180s')),
  )
}

/** The table of who reaches whom; the first packets after a pod's start may still be on their way. */
async function showMatrix(lab: Lab, progress: Progress, print: (text: string) => void): Promise<boolean> {
  const speakers = await speakersOf(lab, { labelSelector: 'demo=yes' })
  const ask = () => reachability(lab, speakers)
  const complete = (cells: Awaited<ReturnType<typeof ask>>) => cells.every(({ time }) => time !== undefined)
  const first = await progress.step('everybody asks everybody over HTTP', ask)
  const cells = complete(first) ? first : await ask()
  print(
    `\nHTTP between pods (default Subnet: web, app-subnet: app, db-subnet: db) and nodes (host):\n\n${formatMatrix(cells)}`,
  )
  return complete(cells)
}

/** Names asked of CoreDNS on its pod's address, from a pod. */
async function showNames(lab: Lab, kubectl: Kubectl, print: (text: string) => void): Promise<boolean> {
  const pod = (
    await kubectl('-n', 'demo', 'get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[0].metadata.name}')
  ).trim()
  print(`\nNames, asked by pod ${pod} of CoreDNS behind the Service ${lab.plan.clusterDns}:\n\n`)
  const ask = async (name: string) =>
    (await kubectl('-n', 'demo', 'exec', pod, '--', 'dig', '+short', '+time=2', name)).trim()
  for (const name of names) {
    const answer = await waitFor(async () => (await ask(name)) || undefined, {
      what: `an address of ${name}`,
      within: 30_000,
      every: 200,
    })
    print(`  ${name.padEnd(42)} ${answer}\n`)
  }
  return true
}

const farewell = (lab: Lab) => `
The cluster keeps running. Go on with:

  eval "$(make -s lab-env)"                     KUBECONFIG and PATH for this shell
  kubectl get pods -A -o wide
  kubectl -n demo exec ds/web -- curl -s app-0.app:8080/hostname
  ovn-nbctl show; n1 ovs-vsctl show             what became of it in OVN and Open vSwitch
  lab kill n1 agent; lab start n1 agent         see cluster and pods live through it (lab help)

without the shell's help: kubectl --kubeconfig ${lab.kubeconfig} get pods -A -o wide
make demo-down removes everything.
`
