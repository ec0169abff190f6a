import { type Operation, randomUuid } from '@ovnkit/ovsdb'
import { keyMutations, mutation, presentKeys, type WantedKeys } from './elements.ts'
import { OvsError } from './errors.ts'
import type { OvsRow } from './index.ts'
import { ovs } from './operations.ts'
import type { LocalSwitch } from './replica.ts'

export interface BridgeSpec {
  readonly name: string
  /** `system` (kernel) or `netdev` (userspace); for an existing bridge only changed when given. */
  readonly datapathType?: string
  /** `secure`: no flows, no traffic. What br-int needs. */
  readonly failMode?: 'secure' | 'standalone'
  readonly externalIds?: WantedKeys
  readonly otherConfig?: WantedKeys
}

/** The only row of the table Open_vSwitch. Throws OvsError `not-initialised`. */
export function switchRow(db: LocalSwitch): OvsRow<'Open_vSwitch'> {
  const row = db.table('Open_vSwitch').one()
  if (!row)
    throw new OvsError('not-initialised', 'the Open_vSwitch database has no row; run "ovs-vsctl --no-wait init"')
  return row
}

/** The operations that make a bridge with its internal port be there as wanted: none when it is. */
export function ensureBridge(db: LocalSwitch, spec: BridgeSpec): Operation[] {
  const bridge = db.table('Bridge').by('byName', spec.name)
  if (!bridge) return newBridge(switchRow(db), spec)
  const differing = {
    ...(spec.datapathType !== undefined &&
      spec.datapathType !== bridge.datapath_type && { datapath_type: spec.datapathType }),
    ...(spec.failMode !== undefined && spec.failMode !== bridge.fail_mode && { fail_mode: spec.failMode }),
  }
  const maps = [
    ...keyMutations('external_ids', bridge.external_ids, spec.externalIds ?? {}),
    ...keyMutations('other_config', bridge.other_config, spec.otherConfig ?? {}),
  ]
  return [
    ...(Object.keys(differing).length > 0 ? [ovs.update('Bridge', bridge._uuid, differing)] : []),
    ...mutation('Bridge', bridge._uuid, maps),
  ]
}

function newBridge(root: OvsRow<'Open_vSwitch'>, spec: BridgeSpec): Operation[] {
  const interfaceUuid = randomUuid<'Interface'>()
  const portUuid = randomUuid<'Port'>()
  const bridgeUuid = randomUuid<'Bridge'>()
  return [
    ovs.insert('Interface', interfaceUuid, { name: spec.name, type: 'internal' }),
    ovs.insert('Port', portUuid, { name: spec.name, interfaces: [interfaceUuid] }),
    ovs.insert('Bridge', bridgeUuid, {
      name: spec.name,
      ports: [portUuid],
      external_ids: presentKeys(spec.externalIds),
      other_config: presentKeys(spec.otherConfig),
      ...(spec.datapathType !== undefined && { datapath_type: spec.datapathType }),
      ...(spec.failMode !== undefined && { fail_mode: spec.failMode }),
    }),
    ovs.addToSet('Open_vSwitch', root._uuid, 'bridges', [bridgeUuid]),
  ]
}

/** The operations that remove a bridge with all its ports: none when there is no such bridge. */
export function removeBridge(db: LocalSwitch, name: string): Operation[] {
  const bridge = db.table('Bridge').by('byName', name)
  return bridge ? [ovs.removeFromSet('Open_vSwitch', switchRow(db)._uuid, 'bridges', [bridge._uuid])] : []
}

/** The operations that set or remove keys of the switch's external_ids (`ovn-encap-ip`, ...); other keys stay. */
export function ensureExternalIds(db: LocalSwitch, wanted: WantedKeys): Operation[] {
  const root = switchRow(db)
  return mutation('Open_vSwitch', root._uuid, keyMutations('external_ids', root.external_ids, wanted))
}
