import { manifestOptions } from '../control/tls.ts'
import { addressLine, plainFrames, routeLine } from '../machine/fabric.ts'
import { type Machine, runIn, tryIn } from '../machine/machine.ts'
import type { Service } from '../machine/service.ts'
import type { Addresses } from '../state/plan.ts'
import type { LabRecord } from '../state/record.ts'
import { waitFor } from '../state/wait.ts'
import type { Ovn } from '../tools/ovn.ts'

const quiet = ['-vconsole:info', '-vsyslog:off', '-vfile:off']
const socket = 'unix:/run/openvswitch/db.sock'
const configuration = '/etc/openvswitch/conf.db'

const vsctl = (machine: Machine, argv: readonly string[]) => runIn(machine, ['ovs-vsctl', '--timeout=20', ...argv])

/** As ovs-ctl(8) starts them: what carries packets does not wait behind everything else that a busy machine runs. */
const first = ['nice', '-n', '-10']

/** The switch's configuration database; it lies on the machine's disk and survives a reboot. */
export const ovsdbService = (machine: Machine): Service => ({
  name: 'ovsdb-server',
  prepare: async () => {
    const exists = await tryIn(machine, ['test', '-e', configuration])
    if (exists.code !== 0)
      await runIn(machine, ['ovsdb-tool', 'create', configuration, '/usr/share/openvswitch/vswitch.ovsschema'])
  },
  argv: [
    ...first,
    'ovsdb-server',
    ...quiet,
    '--no-chdir',
    '--remote=punix:/run/openvswitch/db.sock',
    '--remote=db:Open_vSwitch,Open_vSwitch,manager_options',
    '--pidfile=/run/openvswitch/ovsdb-server.pid',
    configuration,
  ],
  ready: async () => (await tryIn(machine, ['ovs-vsctl', '--no-wait', '--timeout=5', 'init'])).code === 0,
})

/** `netdev`: in userspace; this kernel may have no openvswitch module. `system`: the kernel's. */
export type Datapath = LabRecord['datapath']

/** The switch alone; `words` run the program. */
export const switchService = (machine: Machine, words: readonly string[] = ['ovs-vswitchd']): Service => ({
  name: 'ovs-vswitchd',
  argv: [...first, ...words, ...quiet, '--no-chdir', '--pidfile=/run/openvswitch/ovs-vswitchd.pid', socket],
  ready: async () => (await tryIn(machine, ['ovs-appctl', '-t', 'ovs-vswitchd', 'version'])).code === 0,
})

/** Whether the product is to put the node's first NIC into a bridge itself (gateway mode shared): it is free then, and has the node's addresses. */
export const hasFreeNic = ({ gateway, product }: Pick<LabRecord, 'gateway' | 'product'>): boolean =>
  gateway === 'shared' && product !== 'none'

export interface SwitchOptions {
  /** That run the program ovs-vswitchd. */
  readonly words: readonly string[]
  readonly addresses: Addresses
  readonly datapath: Datapath
}

/**
 * The switch, and after each of its starts what the machine's own network set-up does: the first NIC sits in the bridge
 * `br-phy`, which holds the node's address (its interface goes away with the daemon).
 */
export const vswitchdService = (machine: Machine, { words, addresses, datapath }: SwitchOptions): Service => ({
  ...switchService(machine, words),
  after: async () => {
    await vsctl(machine, [
      '--may-exist',
      'add-br',
      'br-phy',
      '--',
      'set',
      'Bridge',
      'br-phy',
      `datapath_type=${datapath}`,
      '--',
      '--may-exist',
      'add-port',
      'br-phy',
      'eth0',
    ])
    // A bridge that the database has already is made by the daemon in its own time.
    const made = async () => (await tryIn(machine, ['test', '-e', '/sys/class/net/br-phy'])).code === 0
    await waitFor(made, { what: `br-phy on ${machine.name}`, within: 20_000 })
    await runIn(machine, ['ip', '-batch', '-'], { stdin: linesOf(addresses) })
    await plainFrames(machine, 'br-phy')
  },
})

const linesOf = (addresses: Addresses) =>
  [
    'link set br-phy up',
    ...addresses.map(([network, address]) => addressLine(network, address, 'br-phy')),
    ...addresses.map(([network]) => routeLine(network, 'br-phy')),
    '',
  ].join('\n')

/** With TLS: with the very options of the product's manifests. */
export const ovnControllerService = (ovn: Ovn, tls: boolean): Service => ({
  name: 'ovn-controller',
  argv: [
    ...ovn.words['ovn-controller'],
    ...quiet,
    '--no-chdir',
    '--pidfile=/run/ovn/ovn-controller.pid',
    ...(tls ? manifestOptions() : []),
    socket,
  ],
})

/** Which datapath every bridge of the machine has, ovn-controller's too: part of installing OVS here. */
export const chooseDatapath = (machine: Machine, datapath: Datapath) =>
  vsctl(machine, ['--no-wait', 'set', 'Open_vSwitch', '.', `external_ids:ovn-bridge-datapath-type=${datapath}`])

/**
 * DPDK as a laptop can have it: ordinary memory instead of huge pages, no hardware, nothing left in /run, and a core that sleeps while there is nothing to poll.
 */
export const chooseDpdk = (machine: Machine) =>
  vsctl(machine, [
    ...['--no-wait', 'set', 'Open_vSwitch', '.', 'other_config:dpdk-init=true', 'other_config:pmd-cpu-mask=0x1'],
    ...['other_config:pmd-maxsleep=500', 'other_config:per-port-memory=true'],
    'other_config:dpdk-extra="--no-huge --legacy-mem --no-pci --no-shconf --no-telemetry -m 256"',
  ])

/** Joins the chassis to OVN, for labs without the product (which does this itself). */
export const joinOvn = (machine: Machine, options: { sb: string; tunnel: string; address: string }) =>
  vsctl(machine, [
    '--no-wait',
    'set',
    'Open_vSwitch',
    '.',
    `external_ids:system-id=${machine.name}`,
    `external_ids:ovn-remote=${options.sb}`,
    `external_ids:ovn-encap-type=${options.tunnel}`,
    `external_ids:ovn-encap-ip=${options.address}`,
  ])
