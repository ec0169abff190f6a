import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startDaemon } from '@ovnkit/kube/testing'
import { startTestSwitch } from '@ovnkit/ovs/testing'
import { waitUntil } from '@ovnkit/testing'
import { cpuSeconds, residentMiB } from '../controller/process-usage.ts'

const execute = promisify(execFile)

/** The databases, and a folder for what runs on them. */
export interface Databases {
  readonly nb: { readonly remote: string }
  readonly sb: { readonly remote: string }
  readonly folder: string
}

/** A port of a pod that is to be on the node. */
export interface LocalPort {
  readonly name: string
  readonly uid: string
}

const seconds = (ms: number) => Math.round(ms / 10) / 100

/** What ovn-northd makes of the Northbound database, from nothing: logical flows, and what that costs. It runs on until disposed. */
export async function runNorthd({ nb, sb, folder }: Databases) {
  const began = performance.now()
  const daemon = await startDaemon({
    name: 'ovn-northd',
    command: 'ovn-northd',
    args: [`--ovnnb-db=${nb.remote}`, `--ovnsb-db=${sb.remote}`, `--unixctl=${folder}/northd.ctl`],
    log: join(folder, 'northd.log'),
    env: { ...process.env, OVS_RUNDIR: folder, OVN_RUNDIR: folder, OVN_LOGDIR: folder },
  })
  await sync(nb.remote, 'sb')
  const { stdout } = await execute(
    'ovn-sbctl',
    [`--db=${sb.remote}`, '--bare', '--columns=_uuid', 'list', 'Logical_Flow'],
    {
      maxBuffer: 2 ** 28,
    },
  )
  const flows = stdout.split('\n').filter(line => line !== '').length
  const report = {
    logicalFlows: flows,
    seconds: seconds(performance.now() - began),
    cpuSeconds: cpuSeconds(daemon.pid),
  }
  return { daemon, report: { ...report, MiB: residentMiB(daemon.pid) } }
}

/** Waits until northd (`sb`) or every chassis (`hv`) is done with the Northbound database as it is now. */
const sync = (remote: string, until: 'sb' | 'hv') =>
  execute('ovn-nbctl', [`--db=${remote}`, `--wait=${until}`, '--timeout=1200', 'sync'])

/** What the node n0 with these ports makes of it: flows of the switch, and what they cost ovn-controller. */
export async function runNode({ nb, sb, folder }: Databases, ports: readonly LocalPort[]) {
  await using node = await startTestSwitch()
  const ids = [`ovn-remote=${sb.remote}`, 'ovn-encap-type=geneve', 'ovn-encap-ip=127.0.0.1', 'system-id=n0']
  await node.vsctl('set', 'Open_vSwitch', '.', ...ids.map(id => `external_ids:${id.replace(/=(.*)/, '="$1"')}`))
  const bridge = ['--', 'set', 'Bridge', 'br-int', 'datapath_type=netdev', 'fail_mode=secure']
  await node.vsctl('add-br', 'br-int', ...bridge)
  for (const [i, { name, uid }] of ports.entries()) {
    const own = [`external_ids:iface-id=${name}`, `external_ids:iface-id-ver=${uid}`]
    await node.vsctl('add-port', 'br-int', `p${i}`, '--', 'set', 'Interface', `p${i}`, 'type=internal', ...own)
  }
  const began = performance.now()
  await using daemon = await startDaemon({
    name: 'ovn-controller',
    command: 'ovn-controller',
    args: [node.remote],
    log: join(folder, 'ovn-controller.log'),
    env: { ...process.env, OVS_RUNDIR: node.dir, OVN_RUNDIR: node.dir, OVN_LOGDIR: node.dir },
  })
  await waitUntil('the chassis to be there', async () => {
    const { stdout } = await execute('ovn-sbctl', [`--db=${sb.remote}`, '--bare', '--columns=name', 'list', 'Chassis'])
    return stdout.includes('n0')
  })
  await sync(nb.remote, 'hv')
  const flows = /flow_count=(\d+)/.exec(await node.ofctl('dump-aggregate', 'br-int'))?.[1]
  return {
    ports: ports.length,
    openFlows: Number(flows),
    seconds: seconds(performance.now() - began),
    cpuSeconds: cpuSeconds(daemon.pid),
    MiB: residentMiB(daemon.pid),
  }
}
