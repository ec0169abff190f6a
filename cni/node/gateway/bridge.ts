import { externalBridge, externalIds, externalNetwork, integrationBridge, managedBy } from '@ovnkit/cni-api'
import { formatBridgeMappings, Open_vSwitch, parseBridgeMappings } from '@ovnkit/ovs'
import { type Operation, operations, randomUuid, type Uuid } from '@ovnkit/ovsdb'
import type { LocalDatabase } from '../facts/switch.ts'

const ovs = operations(Open_vSwitch)
const mappingsKey = 'ovn-bridge-mappings'

export interface BridgeSpec {
  readonly nic: string
  readonly mac: string
  /** VLAN of the host itself out there; 0: none. */
  readonly vlan: number
}

/** The operations that put the NIC into its bridge, with the NIC's MAC and the datapath of the integration bridge: none when it is there. */
export function attachOperations(db: LocalDatabase, spec: BridgeSpec): Operation[] {
  const root = db.table('Open_vSwitch').one()
  const inner = db.table('Bridge').by('byName', integrationBridge)
  if (root === undefined || inner === undefined) return []
  const bridge = db.table('Bridge').by('byName', externalBridge)
  if (bridge === undefined) return newBridge(root._uuid, spec, inner.datapath_type)
  const port = db.table('Port').by('byName', spec.nic)
  const present = port !== undefined && bridge.ports.has(port._uuid)
  return [
    ...(bridge.other_config.get('hwaddr') === spec.mac
      ? []
      : [ovs.setKeys('Bridge', bridge._uuid, 'other_config', { hwaddr: spec.mac })]),
    ...(present ? [] : newPort(bridge._uuid, spec.nic)),
  ]
}

function newBridge(root: Uuid<'Open_vSwitch'>, spec: BridgeSpec, datapath: string): Operation[] {
  const bridge = randomUuid<'Bridge'>()
  const port = randomUuid<'Port'>()
  const own = randomUuid<'Interface'>()
  return [
    ovs.insert('Interface', own, { name: externalBridge, type: 'internal' }),
    ovs.insert('Port', port, { name: externalBridge, interfaces: [own], ...(spec.vlan > 0 && { tag: spec.vlan }) }),
    ovs.insert('Bridge', bridge, {
      name: externalBridge,
      ports: [port],
      datapath_type: datapath,
      // Whatever happens to our flows, the host keeps its network.
      fail_mode: 'standalone',
      other_config: { hwaddr: spec.mac },
      external_ids: { [externalIds.managedBy]: managedBy },
    }),
    ovs.addToSet('Open_vSwitch', root, 'bridges', [bridge]),
    ...newPort(bridge, spec.nic),
  ]
}

function newPort(bridge: Uuid<'Bridge'>, nic: string): Operation[] {
  const port = randomUuid<'Port'>()
  const device = randomUuid<'Interface'>()
  return [
    ovs.insert('Interface', device, { name: nic }),
    ovs.insert('Port', port, { name: nic, interfaces: [device], external_ids: { [externalIds.managedBy]: managedBy } }),
    ovs.addToSet('Bridge', bridge, 'ports', [port]),
  ]
}

/** The operations that take the NIC out again, with the bridge where it was made for it. */
export function detachOperations(db: LocalDatabase, nic: string, madeBridge: boolean): Operation[] {
  const root = db.table('Open_vSwitch').one()
  const bridge = db.table('Bridge').by('byName', externalBridge)
  if (root === undefined || bridge === undefined) return []
  const others = [...bridge.ports].filter(uuid => {
    const name = db.table('Port').get(uuid)?.name
    return name !== nic && name !== externalBridge && !(name?.startsWith('patch-') ?? false)
  })
  if (madeBridge && others.length === 0)
    return [ovs.removeFromSet('Open_vSwitch', root._uuid, 'bridges', [bridge._uuid])]
  const port = db.table('Port').by('byName', nic)
  return port === undefined ? [] : [ovs.removeFromSet('Bridge', bridge._uuid, 'ports', [port._uuid])]
}

/** The operations that make the outer network known to ovn-controller, or unknown; mappings of others stay. Guarded: somebody else may write them too. */
export function mappingOperations(db: LocalDatabase, wanted: boolean): Operation[] {
  const root = db.table('Open_vSwitch').one()
  if (root === undefined) return []
  const mappings = parseBridgeMappings(root.external_ids.get(mappingsKey) ?? '')
  if ((mappings.get(externalNetwork) === externalBridge) === wanted) return []
  if (wanted) mappings.set(externalNetwork, externalBridge)
  else mappings.delete(externalNetwork)
  const text = formatBridgeMappings(mappings)
  return [
    ovs.wait('Open_vSwitch', root._uuid, { external_ids: root.external_ids }),
    text === ''
      ? ovs.deleteKeys('Open_vSwitch', root._uuid, 'external_ids', [mappingsKey])
      : ovs.setKeys('Open_vSwitch', root._uuid, 'external_ids', { [mappingsKey]: text }),
  ]
}
