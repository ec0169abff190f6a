import { type Operation, randomUuid } from '@ovnkit/ovsdb'
import { keyMutations, mutation, presentKeys, type WantedKeys } from './elements.ts'
import { OvsError } from './errors.ts'
import type { OvsRow } from './index.ts'
import { ovs } from './operations.ts'
import type { LocalSwitch } from './replica.ts'

export interface PortSpec {
  readonly bridge: string
  /** Name of the port and of its only interface; for a system interface the link's name (at most 15 bytes). */
  readonly name: string
  /** Interface type: empty for a link of the system, `internal`, `patch`, ... */
  readonly type?: string
  /** Keys of the interface's external_ids, such as `iface-id`. */
  readonly externalIds?: WantedKeys
  readonly options?: WantedKeys
  /** Keys of the port's external_ids. */
  readonly portExternalIds?: WantedKeys
  /** Bytes; what the switch shall set. */
  readonly mtuRequest?: number
  /** MAC of an internal port. */
  readonly mac?: string
  /** VLAN of an access port. */
  readonly tag?: number
}

/**
 * The operations that make the port be there as wanted: none when it is. Run them in one transaction.
 * Throws OvsError `no-bridge`, or `elsewhere` when another bridge has a port of this name.
 */
export function ensurePort(db: LocalSwitch, spec: PortSpec): Operation[] {
  const bridge = db.table('Bridge').by('byName', spec.bridge)
  if (!bridge)
    throw new OvsError('no-bridge', `bridge ${spec.bridge} does not exist in this Open vSwitch; is it created later?`)
  const port = db.table('Port').by('byName', spec.name)
  if (!port) return newPort(bridge, spec)
  const holder = db.table('Bridge').by('byPort', port._uuid)
  if (holder && holder._uuid !== bridge._uuid)
    throw new OvsError(
      'elsewhere',
      `port ${spec.name} belongs to bridge ${holder.name}, wanted in ${spec.bridge}; remove it there first`,
    )
  return changedPort(db, port, spec)
}

function newPort(bridge: OvsRow<'Bridge'>, spec: PortSpec): Operation[] {
  const interfaceUuid = randomUuid<'Interface'>()
  const portUuid = randomUuid<'Port'>()
  return [
    ovs.insert('Interface', interfaceUuid, {
      name: spec.name,
      type: spec.type ?? '',
      external_ids: presentKeys(spec.externalIds),
      options: presentKeys(spec.options),
      ...(spec.mtuRequest !== undefined && { mtu_request: spec.mtuRequest }),
      ...(spec.mac !== undefined && { mac: spec.mac }),
    }),
    ovs.insert('Port', portUuid, {
      name: spec.name,
      interfaces: [interfaceUuid],
      external_ids: presentKeys(spec.portExternalIds),
      ...(spec.tag !== undefined && { tag: spec.tag }),
    }),
    ovs.addToSet('Bridge', bridge._uuid, 'ports', [portUuid]),
  ]
}

function changedPort(db: LocalSwitch, port: OvsRow<'Port'>, spec: PortSpec): Operation[] {
  const held = db.table('Interface').by('byName', spec.name)
  if (!held)
    throw new OvsError('foreign', `port ${spec.name} has no interface of its name (a bond?); it is not ours to change`)
  const differing = {
    ...(spec.type !== undefined && spec.type !== held.type && { type: spec.type }),
    ...(spec.mtuRequest !== undefined && spec.mtuRequest !== held.mtu_request && { mtu_request: spec.mtuRequest }),
    ...(spec.mac !== undefined && spec.mac !== held.mac && { mac: spec.mac }),
  }
  const maps = [
    ...keyMutations('external_ids', held.external_ids, spec.externalIds ?? {}),
    ...keyMutations('options', held.options, spec.options ?? {}),
  ]
  return [
    ...(Object.keys(differing).length > 0 ? [ovs.update('Interface', held._uuid, differing)] : []),
    ...mutation('Interface', held._uuid, maps),
    ...mutation('Port', port._uuid, keyMutations('external_ids', port.external_ids, spec.portExternalIds ?? {})),
    ...(spec.tag !== undefined && spec.tag !== port.tag ? [ovs.update('Port', port._uuid, { tag: spec.tag })] : []),
  ]
}

/** The operations that take a port out of its bridge, and so remove it with its interfaces: none when there is no such port. */
export function removePort(db: LocalSwitch, name: string): Operation[] {
  const port = db.table('Port').by('byName', name)
  const bridge = port && db.table('Bridge').by('byPort', port._uuid)
  return port && bridge ? [ovs.removeFromSet('Bridge', bridge._uuid, 'ports', [port._uuid])] : []
}

/** Name of the port that an interface belongs to; undefined for an interface that nothing refers to. */
export function portOfInterface(db: LocalSwitch, row: OvsRow<'Interface'>): string | undefined {
  return db.table('Port').by('byInterface', row._uuid)?.name
}
