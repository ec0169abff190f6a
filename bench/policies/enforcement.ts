/**
 * How long from the API until another node does as a policy says: node bench/policies/enforcement.ts [--policies 5000] [--namespaces 240] [--runs 50] [--pods 20]. As root; makes a light lab of its
 * own. See README.md.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { inNetworkOf, inNextNetwork, inside, type Lab, requireInit, speaker, withLab } from '@ovnkit/lab'
import type { ApiLoad } from '../controller/api-load.ts'
import { cpuSeconds, residentMiB } from '../controller/process-usage.ts'
import { apiOf, runPod } from '../lab-access.ts'
import { Knocker, now } from '../services/knock.ts'
import { summarize } from '../summary.ts'
import { PolicyLoad } from './policy-load.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { policies: text, namespaces: text, runs: text, pods: text } })
const policies = Number(values.policies ?? 5000)
const namespaces = Number(values.namespaces ?? 240)
const runs = Number(values.runs ?? 50)
const pods = Number(values.pods ?? 20)
const say = (line: object) => console.log(JSON.stringify({ ...line, policies }))
const namespace = 'measured'
const port = 8080

/** A policy that lets clients ask servers, or nobody. */
const gate = (open: boolean) => ({
  podSelector: { matchLabels: { role: 'server' } },
  policyTypes: ['Ingress'],
  ingress: open ? [{ from: [{ podSelector: { matchLabels: { role: 'client' } } }], ports: [{ port }] }] : [],
})

const collection = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`
const turn = (api: ApiLoad, open: boolean) =>
  api.call('PATCH', `${collection}/gate`, { spec: gate(open) }, 'application/merge-patch+json')

const programs = [
  ['control', 'controller'],
  ['control', 'northd'],
  ['n1', 'ovn-controller'],
  ['n1', 'agent'],
] as const

/** What `measure` finds of each program, by its pid. */
const ofEach = (lab: Lab, measure: (pid: number) => number): Record<string, number> =>
  Object.fromEntries(
    programs.flatMap(([machine, name]) => {
      const found = lab.process(machine, name)
      return found === undefined ? [] : [[`${machine} ${name}`, measure(found.pid)]]
    }),
  )

/** Pods that nobody runs, on a node that is none, and their policies; until every node is done with them. */
async function fill(lab: Lab, api: ApiLoad): Promise<void> {
  await api.call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n0' } })
  const load = new PolicyLoad(api, namespaces, 'n0')
  await load.begin()
  await load.pods()
  await load.policies(0, policies)
  // What the API has is not in the database yet: the controller is done when it does nothing for a while.
  for (let before = -1, same = 0; same < 3; ) {
    await new Promise(resolve => setTimeout(resolve, 1000))
    const [cpu = 0] = Object.values(ofEach(lab, cpuSeconds))
    same = cpu - before < 0.1 ? same + 1 : 0
    before = cpu
  }
  await synced(lab)
  say({ question: 'what is there', cpu: ofEach(lab, cpuSeconds), MiB: ofEach(lab, residentMiB) })
}

const synced = (lab: Lab) => lab.exec('control', ['ovn-nbctl', `--db=${lab.plan.nb}`, '--wait=hv', 'sync'])

/** The policy opens and shuts a server on n1 for a client on n2. */
async function changes(api: ApiLoad, knocker: Knocker, server: string): Promise<void> {
  const times: Record<'opens' | 'shuts', number[]> = { opens: [], shuts: [] }
  for (let i = 0; i < runs; i++) {
    const opened = knocker.opened(server, port)
    const before = now()
    await turn(api, true)
    times.opens.push((await opened) - before)
    const shut = knocker.shut(server, port)
    const wrote = now()
    await turn(api, false)
    times.shuts.push(Math.max(0, (await shut) - wrote))
  }
  for (const [course, all] of Object.entries(times))
    say({ question: `one policy changes: ${course} at another node, after the write`, ms: summarize(all) })
}

/** A client comes on n2 and asks a server on n1 from its first moment on. */
async function arrivals(lab: Lab, server: string, what: string): Promise<void> {
  const times: Record<string, number[]> = { 'after the write': [], 'after its own network was there': [] }
  for (let i = 0; i < pods; i++) {
    const known = await lab.exec('n2', ['ls', '/run/netns'])
    using knocker = new Knocker([...inside(requireInit(lab.machine('n2'))), ...inNextNetwork(known)])
    const entered = knocker.ready().then(ready => ready.entered(server, port))
    const wrote = now()
    const name = `${what.replaceAll(' ', '-')}-${i}`
    await runPod(lab, { namespace, name, labels: { role: 'client' } }, 'n2', ['pause'])
    const { opened, routed } = await entered
    times['after the write']?.push(opened - wrote)
    times['after its own network was there']?.push(opened - routed)
  }
  for (const [when, all] of Object.entries(times))
    say({ question: `one pod more: ${what} on another node is open to it, ${when}`, ms: summarize(all) })
}

// More ports than vxlan has keys for in one Subnet; and an Open vSwitch whose connection tracking outlives many short connections (3.1 ends on an assertion).
const options = { mode: 'light', nodes: 2, product: 'bundle', tunnel: 'geneve', openvswitch: 'newer' } as const
await withLab({ name: 'bench-policies', ...options }, async lab => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-policies-'))
  const api = apiOf(lab, folder)
  await api.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  const serve = (name: string, role: string) =>
    runPod(lab, { namespace, name, labels: { role } }, 'n1', ['netexec', `--http-port=${port}`])
  const guarded = await serve('guarded', 'server')
  const unguarded = await serve('unguarded', 'anybody')
  await runPod(lab, { namespace, name: 'client', labels: { role: 'client' } }, 'n2', ['pause'])
  const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'gate' } }
  await api.call('POST', collection, { ...policy, spec: gate(false) })
  await fill(lab, api)
  const machine = inside(requireInit(lab.machine('n2')))
  using knocker = await new Knocker([
    ...machine,
    ...(await inNetworkOf(lab, await speaker(lab, `${namespace}/client`))),
  ]).ready()
  await changes(api, knocker, guarded)
  await turn(api, true)
  await synced(lab)
  await arrivals(lab, guarded, 'a server with a policy')
  await arrivals(lab, unguarded, 'a server without policies')
  rmSync(folder, { recursive: true })
})
process.exit(0)
