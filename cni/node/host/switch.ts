import { existsSync } from 'node:fs'
import { type Config, integrationBridge } from '@ovnkit/cni-api'
import { addToSet, insert, mutate, type Operation, randomUuid, setKeys, update } from '@ovnkit/ovsdb'
import { coalesced, type Logger } from '@ovnkit/process'
import type { LocalDatabase } from '../facts/switch.ts'

export interface KeepSwitchOptions {
  readonly database: LocalDatabase
  readonly config: Config
  readonly node: string
  readonly logger: Logger
}

/**
 * Keeps there what others may have made as well, and what is never removed because others live on it:
 *
 * - the integration bridge (ovn-controller would make it too; whoever is first), with fail mode secure and of the datapath
 *   type that the configuration names;
 * - a `system-id`: the node's name, unless there is one. That of somebody else (ovs-ctl's random one, ZStack's) is the
 *   name of the chassis: another one would be a second chassis with the same tunnel address.
 */
export function keepSwitch({ database, config, node, logger }: KeepSwitchOptions): Disposable {
  // What changes while a transaction is on its way (ovn-controller was first with the bridge) is looked at afterwards.
  const keep = coalesced(
    () => keepOnce({ database, config, node, logger }),
    err => logger.error({ err }, `could not set up bridge ${integrationBridge} or the system-id`),
  )
  const subscription = database.onBatch(batch => {
    if (batch.table('Open_vSwitch') || batch.table('Bridge')) keep()
  })
  keep()
  return subscription
}

async function keepOnce({ database, config, node, logger }: KeepSwitchOptions): Promise<void> {
  // Without the database nothing is known; what it holds is looked at when it is back.
  if (!database.connected) return
  for (const operations of [
    bridgeOperations(database, wantedDatapath(database, config), config.ovn.mode === 'external'),
    systemIdOperations(database, node),
  ]) {
    if (operations.length === 0) continue
    const outcome = await database.transact(operations)
    logger.info({ outcome: outcome.status }, `set up bridge ${integrationBridge} or the system-id`)
  }
}

function bridgeOperations(database: LocalDatabase, datapath: string, external: boolean): Operation[] {
  const root = database.table('Open_vSwitch').one()
  if (root === undefined) return []
  const bridge = database.table('Bridge').by('byName', integrationBridge)
  if (bridge === undefined) return createBridge(root._uuid, datapath)
  // A hypervisor's bridge is as it wants it.
  if (external) return []
  const changes = {
    ...(bridge.fail_mode !== 'secure' && { fail_mode: 'secure' }),
    ...((bridge.datapath_type || 'system') !== datapath && { datapath_type: datapath }),
  }
  return Object.keys(changes).length === 0 ? [] : [update('Bridge', bridge._uuid, changes)]
}

function systemIdOperations(database: LocalDatabase, node: string): Operation[] {
  const root = database.table('Open_vSwitch').one()
  if (root === undefined || root.external_ids.get('system-id')) return []
  return [mutate('Open_vSwitch', root._uuid, [setKeys('external_ids', { 'system-id': node })])]
}

function createBridge(root: string, datapath: string): Operation[] {
  const [bridge, port, own] = [randomUuid(), randomUuid(), randomUuid()]
  return [
    insert('Interface', own, { name: integrationBridge, type: 'internal' }),
    insert('Port', port, { name: integrationBridge, interfaces: [own] }),
    insert('Bridge', bridge, {
      name: integrationBridge,
      ports: [port],
      fail_mode: 'secure',
      datapath_type: datapath === 'system' ? '' : datapath,
    }),
    mutate('Open_vSwitch', root, [addToSet('bridges', bridge)]),
  ]
}

/** Undefined where the configuration leaves it to what is there. */
export function configuredDatapath({ ovs, dpdk }: Config): string | undefined {
  if (ovs.datapathType !== 'auto') return ovs.datapathType
  return dpdk.enabled ? 'netdev' : undefined
}

/** The configured type; else the bridge's own, else what the switch is told for OVN, else the kernel's where it has it. */
function wantedDatapath(database: LocalDatabase, config: Config): string {
  const configured = configuredDatapath(config)
  if (configured !== undefined) return configured
  const root = database.table('Open_vSwitch').one()
  const told = root?.external_ids.get('ovn-bridge-datapath-type')
  const bridge = database.table('Bridge').by('byName', integrationBridge)
  if (told) return told
  if (bridge !== undefined) return bridge.datapath_type || 'system'
  return existsSync('/sys/module/openvswitch') ? 'system' : 'netdev'
}
