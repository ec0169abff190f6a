import { readIfThere } from '../state/files.ts'
import type { Addresses, LabNetwork, Plan } from '../state/plan.ts'
import { run, runRaw } from '../state/run.ts'
import { type Machine, requireInit, runIn } from './machine.ts'

/**
 * The lab's wires: two bridges in the control machine, `lab0` with everybody's first NIC and the way to the host, `lab1` with the
 * second NICs. All but one end of one veth pair live in the lab's own namespaces, and that end goes with its peer.
 */

/** Runs `ip` in a machine's network, but among the host's processes: peers are given by pid. */
const batch = (machine: Machine, lines: readonly string[]) =>
  run(['nsenter', '-t', String(requireInit(machine).pid), '-n', '--', 'ip', '-batch', '-'], {
    stdin: `${lines.join('\n')}\n`,
  })

/** Userspace datapaths see no checksums that a NIC was to fill in later, so nobody may leave them out. */
export const plainFrames = (machine: Machine, link: string) =>
  runIn(machine, ['ethtool', '-K', link, 'tx', 'off', 'gso', 'off', 'tso', 'off', 'gro', 'off'])

/** For `ip -batch`. Nobody else can have it: no search for duplicates, which would keep it from use for a second. */
export const addressLine = ({ family, prefixLength }: LabNetwork, address: string, link: string) =>
  `address replace ${address}/${prefixLength} dev ${link}${family === 6 ? ' nodad' : ''}`

/** Everything that is not on the wire is behind the control machine. */
export const routeLine = ({ family, control }: LabNetwork, link: string) =>
  `route replace ${family === 6 ? '::/0' : '0.0.0.0/0'} via ${control} dev ${link}`

/** Bridges, the control machine's address and the host's way in. Can be run again. */
export async function layFabric(control: Machine, plan: Plan): Promise<void> {
  const present = await linksOf(control)
  if (present.has('lab0')) return
  await batch(control, [
    'link add lab0 type bridge',
    'link add lab1 type bridge',
    'link set lab1 up',
    ...plan.networks.map(network => addressLine(network, network.control, 'lab0')),
    'link set lab0 up',
  ])
  const { pid } = requireInit(control)
  await run(['ip', 'link', 'add', plan.uplink, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', String(pid)])
  await run(['ip', 'link', 'set', plan.uplink, 'alias', aliasOf(control)])
  await batch(control, ['link set uplink master lab0', 'link set uplink up'])
  await run(['ip', '-batch', '-'], {
    stdin: plan.networks.map(network => `${addressLine(network, network.host, plan.uplink)}\n`).join(''),
  })
  await run(['ip', 'link', 'set', plan.uplink, 'up'])
  // Frames from here on end up in userspace datapaths.
  await Promise.all([
    run(['ethtool', '-K', plan.uplink, 'tx', 'off']),
    plainFrames(control, 'uplink'),
    plainFrames(control, 'lab0'),
  ])
}

/** Takes the host's way into a lab away. The link of another lab that took the same number stays. */
export async function removeUplink(control: Machine, uplink: string): Promise<void> {
  const alias = readIfThere(`/sys/class/net/${uplink}/ifalias`).trim()
  if (alias === aliasOf(control)) await runRaw(['ip', 'link', 'delete', uplink])
}

/** Says whose a link of the host is. */
const aliasOf = ({ folder }: Machine): string => `lab machine ${folder}`

/** Plugs a machine's eth0 and eth1 in. @returns false when they are in already */
export async function plugIn(control: Machine, machine: Machine): Promise<boolean> {
  const { pid } = requireInit(machine)
  const present = await linksOf(machine)
  if (present.has('eth0')) return false
  // The kernel takes the namespaces of a machine that lost its power apart after a while, and their wires with them.
  const stale = [...(await linksOf(control))].filter(link => link === machine.name || link === `${machine.name}-b`)
  await batch(control, [
    ...stale.map(link => `link delete ${link}`),
    `link add ${machine.name} type veth peer name eth0 netns ${pid}`,
    `link add ${machine.name}-b type veth peer name eth1 netns ${pid}`,
    `link set ${machine.name} master lab0`,
    `link set ${machine.name}-b master lab1`,
    `link set ${machine.name} up`,
    `link set ${machine.name}-b up`,
  ])
  await batch(machine, ['link set eth0 up', 'link set eth1 up'])
  await Promise.all([plainFrames(control, machine.name), plainFrames(machine, 'eth0'), plainFrames(machine, 'eth1')])
  return true
}

/** Plugs in a machine whose first NIC has the addresses itself, from then on: whoever takes them elsewhere keeps them there. */
export async function plugInPlain(control: Machine, machine: Machine, addresses: Addresses): Promise<void> {
  if (!(await plugIn(control, machine))) return
  const lines = addresses.flatMap(([network, address]) => [
    addressLine(network, address, 'eth0'),
    routeLine(network, 'eth0'),
  ])
  await batch(machine, lines)
}

async function linksOf(machine: Machine): Promise<Set<string>> {
  const names = await runIn(machine, ['ls', '/sys/class/net'])
  return new Set(names.trim().split(/\s+/))
}

/** Takes a node off the network, or with `peer` just the way between the two. */
export function cut(control: Machine, node: string, peer?: string): Promise<string> {
  if (peer === undefined) return batch(control, [`link set ${node} down`])
  const rule = (from: string, to: string) => `add rule bridge lab cut iifname "${from}" oifname "${to}" drop`
  const table = ['add table bridge lab', 'add chain bridge lab cut { type filter hook forward priority 0; }']
  return runIn(control, ['nft', '-f', '-'], { stdin: `${[...table, rule(node, peer), rule(peer, node)].join('\n')}\n` })
}

/** Mends every cut. */
export async function heal(control: Machine, nodes: readonly string[]): Promise<void> {
  await batch(
    control,
    nodes.map(node => `link set ${node} up`),
  )
  await runIn(control, ['nft', '-f', '-'], { stdin: 'add table bridge lab\ndelete table bridge lab\n' })
}
