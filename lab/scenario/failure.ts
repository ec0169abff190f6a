import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lab } from '../lab.ts'
import { runRaw } from '../state/run.ts'

const questions: Readonly<Record<string, string>> = {
  'pods.txt': 'kubectl get pods -A -o wide',
  'pods.yaml': 'kubectl get pods -A -o yaml',
  'subnets.yaml': 'kubectl get subnets -o yaml',
  'nodes.yaml': 'kubectl get nodes -o yaml',
  'events.txt': 'kubectl get events -A --sort-by=.lastTimestamp',
  'nb.txt': 'ovn-nbctl show; ovn-nbctl lr-policy-list cluster; ovn-nbctl lr-route-list cluster',
  'sb.txt': 'ovn-sbctl show',
  'status.txt': 'lab status',
}

/** Copies every log of a lab and the state of its databases into a folder of its own, for whoever looks later. */
export async function gatherLogs(lab: Lab, title: string, env: Readonly<Record<string, string>>): Promise<string> {
  const parent = join(tmpdir(), 'ovnkit-lab-failures')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, `${title}-`))
  for (const machine of lab.machines) {
    cpSync(join(machine.folder, 'log'), join(folder, machine.name), { recursive: true })
  }
  const perNode = lab.nodes.flatMap(node => [
    [
      `${node}-ovs.txt`,
      `${node} ovs-vsctl show; ${node} ovs-vsctl list Interface; ${node} ip address; ${node} ip route`,
    ],
  ])
  const asked = [...Object.entries(questions), ...perNode]
  await Promise.all(
    asked.map(async ([file = '', command = '']) => {
      const { stdout, stderr } = await runRaw(['bash', '-c', command], { env, within: 20_000 })
      writeFileSync(join(folder, file), stdout + stderr)
    }),
  )
  return folder
}
