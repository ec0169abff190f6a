import { integrationBridge, interfaceIds } from '@ovnkit/cni-api'
import type { OvsRow } from '@ovnkit/ovs'
import { addToSet, insert, mutate, type Operation, randomUuid, removeFromSet, setKeys } from '@ovnkit/ovsdb'
import type { LocalDatabase } from '../facts/switch.ts'
import { portName, type Sandbox, type SandboxId } from './sandbox.ts'

export interface PortPlan {
  /** Ports that must be gone from the switch before the operations: their interface was replaced under the same name. */
  readonly before: readonly Operation[]
  /** UUID of the Interface, now or after the operations. */
  readonly interface: string
  /** Empty when the port is as it should be. */
  readonly operations: readonly Operation[]
}

/**
 * The port of a sandbox on the integration bridge. Ports of earlier sandboxes of the same pod name go with the same
 * transaction: with two interfaces of one iface-id ovn-controller would bind either.
 * @param fresh the interface was made just now: a port of that name is one of an interface that is gone
 * @returns undefined while there is no bridge
 */
export function planPort(database: LocalDatabase, sandbox: Sandbox, fresh: boolean): PortPlan | undefined {
  const bridge = database.table('Bridge').by('byName', integrationBridge)
  if (bridge === undefined) return undefined
  const name = portName(sandbox)
  const ids = portIds(sandbox)
  const table = database.table('Interface')
  const stale = table.all('byIfaceId', ids[interfaceIds.ifaceId]).filter(row => row.name !== name)
  const removal = stale.flatMap(row => removalOf(database, row))
  const existing = table.by('byName', name)
  if (existing !== undefined && !fresh) {
    return { before: [], interface: existing._uuid, operations: [...removal, ...correction(existing, ids)] }
  }
  const before = existing === undefined ? [] : removalOf(database, existing)
  const [port, own] = [randomUuid(), randomUuid()]
  const operations = [
    ...removal,
    insert('Interface', own, { name, ...vhostColumns(sandbox), external_ids: ids }),
    insert('Port', port, { name, interfaces: [own] }),
    mutate('Bridge', bridge._uuid, [addToSet('ports', port)]),
  ]
  return { before, interface: own, operations }
}

/** Type and options; the MTU of a port without an interface is asked of Open vSwitch. */
const vhostColumns = ({ vhost }: Sandbox) =>
  vhost === undefined ? {} : { type: vhost.type, options: vhost.options, mtu_request: vhost.mtu }

function portIds(sandbox: Sandbox): Record<string, string> {
  const { containerId, ifName, netns, logicalPort, podUid, network, vhost } = sandbox
  return {
    [interfaceIds.ifaceId]: logicalPort,
    [interfaceIds.ifaceIdVer]: podUid,
    [interfaceIds.attachedMac]: network.mac,
    [interfaceIds.ipAddresses]: network.addresses.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`).join(','),
    [interfaceIds.sandbox]: containerId,
    [interfaceIds.sandboxInterface]: ifName,
    [interfaceIds.netns]: netns,
    ...(vhost !== undefined && { [interfaceIds.vhostSocket]: vhost.socket }),
  }
}

function correction(row: OvsRow<'Interface'>, ids: Record<string, string>): Operation[] {
  const wrong = Object.entries(ids).filter(([key, value]) => row.external_ids.get(key) !== value)
  return wrong.length === 0 ? [] : [mutate('Interface', row._uuid, [setKeys('external_ids', wrong)])]
}

function portOf(database: LocalDatabase, { _uuid }: OvsRow<'Interface'>): OvsRow<'Port'> | undefined {
  return database.table('Port').by('byInterface', _uuid)
}

/** Rows of a sandbox; of all its interfaces that were made by releases that did not record the name inside. */
export function findPorts(database: LocalDatabase, { containerId, ifName }: SandboxId): readonly OvsRow<'Interface'>[] {
  const rows = database.table('Interface').all('bySandbox', containerId)
  return rows.filter(row => (row.external_ids.get(interfaceIds.sandboxInterface) ?? ifName) === ifName)
}

/** Every Interface that belongs to a sandbox. */
export function sandboxPorts(database: LocalDatabase): readonly (SandboxId & { readonly row: OvsRow<'Interface'> })[] {
  return [...database.table('Interface').rows()].flatMap(row => {
    const containerId = row.external_ids.get(interfaceIds.sandbox)
    if (containerId === undefined) return []
    return [{ containerId, ifName: row.external_ids.get(interfaceIds.sandboxInterface) ?? 'eth0', row }]
  })
}

/** Takes the port off its bridge; Port and Interface go with the last reference. */
export function removalOf(database: LocalDatabase, row: OvsRow<'Interface'>): Operation[] {
  const port = portOf(database, row)
  const bridge = port && [...database.table('Bridge').rows()].find(({ ports }) => ports.has(port._uuid))
  return port && bridge ? [mutate('Bridge', bridge._uuid, [removeFromSet('ports', port._uuid)])] : []
}
