import type { Lab } from '../lab.ts'
import { addressLine, plainFrames } from '../machine/fabric.ts'
import { type Machine, runIn, tryIn } from '../machine/machine.ts'
import { startService } from '../machine/service.ts'
import { silentProgress } from '../state/progress.ts'
import { waitFor } from '../state/wait.ts'
import { ensureOvn } from '../tools/ovn.ts'
import { joinOvn, ovnControllerService, ovsdbService, switchService } from './ovs.ts'

/**
 * Who lives beside the cluster: machines of a VLAN, and a hypervisor of ZStack's with its virtual machines, which are network namespaces with an interface of
 * Open vSwitch. This kernel has no VLAN links, so even a plain machine has a switch that puts the tag on.
 */

const vsctl = (machine: Machine, ...argv: string[]) => runIn(machine, ['ovs-vsctl', '--timeout=20', ...argv])

async function startSwitch(machine: Machine): Promise<void> {
  await startService(machine, ovsdbService(machine))
  await startService(machine, switchService(machine))
}

/** Gives a machine an interface `vlan<tag>` with addresses (`10.50.0.1/24`) in a VLAN of the second wire; tag 0: untagged. */
export async function joinVlan(machine: Machine, tag: number, addresses: readonly string[]): Promise<void> {
  const link = `vlan${tag}`
  await startSwitch(machine)
  await vsctl(machine, '--may-exist', 'add-br', 'br-wire', '--', 'set', 'Bridge', 'br-wire', 'datapath_type=netdev')
  await vsctl(machine, '--may-exist', 'add-port', 'br-wire', 'eth1')
  const tagged = tag === 0 ? [] : [`tag=${tag}`]
  await vsctl(
    machine,
    ...['--may-exist', 'add-port', 'br-wire', link, ...tagged, '--', 'set', 'Interface', link, 'type=internal'],
  )
  await appears(machine, link)
  for (const address of addresses)
    await runIn(machine, [
      'ip',
      'address',
      'replace',
      address,
      'dev',
      link,
      ...(address.includes(':') ? ['nodad'] : []),
    ])
  await runIn(machine, ['ip', 'link', 'set', link, 'up'])
  await plainFrames(machine, link)
}

/** Makes a machine that is no node a chassis of the lab's OVN: its first NIC moves into a bridge, with its address. */
export async function becomeHypervisor(lab: Lab, machine: Machine): Promise<void> {
  await startSwitch(machine)
  const { plan, record } = lab
  await vsctl(machine, '--may-exist', 'add-br', 'br-phy', '--', 'set', 'Bridge', 'br-phy', 'datapath_type=netdev')
  await vsctl(machine, '--may-exist', 'add-port', 'br-phy', 'eth0')
  await appears(machine, 'br-phy')
  const lines = plan.networks.flatMap(network => [
    `address flush dev eth0`,
    addressLine(network, network.client, 'br-phy'),
  ])
  await runIn(machine, ['ip', '-batch', '-'], { stdin: `${['link set br-phy up', ...lines].join('\n')}\n` })
  await plainFrames(machine, 'br-phy')
  const [network] = plan.networks
  await vsctl(machine, 'set', 'Open_vSwitch', '.', 'external_ids:ovn-bridge-datapath-type=netdev')
  await joinOvn(machine, { sb: plan.sb, tunnel: record.tunnel, address: network?.client ?? '' })
  await startService(machine, ovnControllerService(await ensureOvn(record.ovn, silentProgress), record.tls))
}

export interface VirtualMachine {
  /** Name of the logical port. */
  readonly name: string
  readonly mac: string
  /** `10.100.0.10/24`. */
  readonly address: string
  readonly gateway: string
}

/** A "virtual machine" on a chassis: a namespace of its name with the interface of its logical port. */
export async function startVirtualMachine(machine: Machine, vm: VirtualMachine): Promise<void> {
  const { name, mac, address, gateway } = vm
  const link = name.slice(0, 15)
  await vsctl(
    machine,
    ...['--may-exist', 'add-port', 'br-int', link, '--', 'set', 'Interface', link, 'type=internal'],
    ...[`external_ids:iface-id=${name}`, `mac="${mac}"`, 'mtu_request=1400'],
  )
  await appears(machine, link)
  await plainFrames(machine, link)
  const inside = (...argv: string[]) => runIn(machine, ['ip', '-n', name, ...argv])
  await runIn(machine, ['ip', 'netns', 'add', name])
  await runIn(machine, ['ip', 'link', 'set', link, 'netns', name])
  await inside('link', 'set', 'lo', 'up')
  await inside('link', 'set', link, 'address', mac, 'up')
  await inside('address', 'add', address, 'dev', link)
  await inside('route', 'add', 'default', 'via', gateway)
}

const appears = (machine: Machine, link: string) =>
  waitFor(async () => (await tryIn(machine, ['test', '-e', `/sys/class/net/${link}`])).code === 0, {
    what: `${link} on ${machine.name}`,
    within: 20_000,
  })
