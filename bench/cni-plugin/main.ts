import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { TestNode } from '@ovnkit/cni-node/testing'
import { cniOf, TestCluster, type TestPod } from '@ovnkit/cni-node/testing/cluster'
import { buildPlugin, runPlugin } from '@ovnkit/cni-plugin/testing'
import { startControlPlane, waitUntil } from '@ovnkit/kube/testing'
import { testNetns } from '@ovnkit/linux/testing'
import { BridgeReference } from './bridge.ts'
import { type Summary, summarize, timeAll } from './measure.ts'
import { OvnTime } from './ovn-time.ts'

/**
 * Questions: what does starting the plugin cost, and what a whole ADD on a node with 250 pods, one at a time and ten at
 * once? Beside them, in the same run: the reference plugin `bridge` with `host-local`, and OVN's own time from a port to
 * `ovn-installed`. Both plugins are started by nsenter(1), in the namespace that plays the host. Target: ADD p50 <= 1.3 x (bridge + OVN), p99 <= 4 x p50.
 *
 * node bench/cni-plugin/main.ts [--pods 250] [--rounds 60] [--program dist/zstack-ovnkube-node.mjs] [--json FILE]
 */
const { values } = parseArgs({
  options: {
    pods: { type: 'string', default: '250' },
    rounds: { type: 'string', default: '60' },
    program: { type: 'string' },
    json: { type: 'string' },
  },
})
const pods = Number(values.pods)
const rounds = Number(values.rounds)

async function main(): Promise<void> {
  using plugin = await buildPlugin()
  using bridge = new BridgeReference()
  const startUp = await measureStartUp(plugin.path, bridge.path)
  console.table(startUp)

  await using plane = await startControlPlane()
  const cluster = await TestCluster.prepare(plane, 'n1')
  const program = values.program === undefined ? {} : { program: values.program }
  await using node = await TestNode.start({
    plane,
    name: 'n1',
    plugin: plugin.path,
    config: { logging: { level: 'info' } },
    ...program,
  })
  await cluster.prepareNetwork(node)
  await node.startAgent()
  await waitUntil('pods can be served', () => existsSync(node.conflist))
  const idleMiB = residentMiB(node.agentPid)
  const cni = cniOf(plugin.path, node, ['nsenter', `--net=${node.netns.path}`])
  const add = async (pod: TestPod) => {
    const { status, output } = await cni('ADD', pod)
    if (status !== 0) throw new Error(`ADD failed: ${JSON.stringify(output)}`)
  }
  using stack = new DisposableStack()
  const make = async (count: number) => {
    const made: TestPod[] = []
    while (made.length < count) made.push(stack.use(await cluster.pod(node)))
    return made
  }
  console.error(`adding ${pods} pods`)
  await timeAll(await make(pods), 10, add)

  const results: Record<string, Summary> = {}
  await using ovn = new OvnTime(node)
  await ovn.ready()
  for (const atOnce of [1, 10]) {
    const netns = Array.from({ length: rounds }, () => stack.use(testNetns('ovnkit-ref')))
    const ports: string[] = []
    while (ports.length < rounds) ports.push(await ovn.prepare())
    const added = await make(rounds)
    results[`ADD, ${atOnce} at once`] = summarize(await timeAll(added, atOnce, add))
    results[`bridge ADD, ${atOnce} at once`] = summarize(await timeAll(netns, atOnce, each => bridge.add(each)))
    results[`OVN port to installed, ${atOnce} at once`] = summarize(
      await timeAll(ports, atOnce, name => ovn.measure(name)),
    )
    results[`DEL, ${atOnce} at once`] = summarize(await timeAll(added, atOnce, pod => cni('DEL', pod)))
  }
  console.table(results)
  const ratios = [1, 10].map(n => ratio(results, n))
  console.table(ratios)
  const memory = { idleMiB, afterMiB: residentMiB(node.agentPid), pods }
  console.table([memory])
  if (values.json) writeFileSync(values.json, JSON.stringify({ startUp, results, ratios, memory }, undefined, 2))
}

async function measureStartUp(plugin: string, bridge: string): Promise<Record<string, Summary>> {
  const env = { CNI_COMMAND: 'VERSION', PATH: process.env.PATH ?? '' }
  const programs: Record<string, string> = {
    'cat (floor of the measurement)': '/bin/cat',
    bridge,
    'zstack-ovn-cni': plugin,
  }
  const times = new Map(Object.keys(programs).map(name => [name, [] as number[]]))
  for (let round = 0; round < 41; round++) {
    for (const [name, path] of Object.entries(programs)) {
      const { ms } = await runPlugin(path, env, { cniVersion: '1.0.0' })
      if (round > 0) times.get(name)?.push(ms)
    }
  }
  return Object.fromEntries([...times].map(([name, ms]) => [name, summarize(ms)]))
}

function ratio(results: Record<string, Summary>, atOnce: number) {
  const ours = results[`ADD, ${atOnce} at once`]
  const floor =
    (results[`bridge ADD, ${atOnce} at once`]?.p50 ?? 0) +
    (results[`OVN port to installed, ${atOnce} at once`]?.p50 ?? 0)
  const round = (n: number) => Math.round(n * 100) / 100
  return {
    atOnce,
    'p50 / (bridge + OVN)': round((ours?.p50 ?? 0) / floor),
    'p99 / p50': round((ours?.p99 ?? 0) / (ours?.p50 ?? 1)),
  }
}

function residentMiB(pid: number | undefined): number {
  const line = /VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Math.round(Number(line?.[1] ?? 0) / 1024)
}

await main()
