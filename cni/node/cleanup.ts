import { existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Config, externalIds, integrationBridge, interfaceIds, managedBy, programs } from '@ovnkit/cni-api'
import { KernelTarget, Netlink, NftTarget } from '@ovnkit/linux'
import { ensureExternalIds, Open_vSwitch, removeBridge } from '@ovnkit/ovs'
import { openDatabase } from '@ovnkit/ovsdb'
import type { Logger } from '@ovnkit/process'
import { databaseReplica, Engine, OvsdbTarget } from '@ovnkit/reconcile'
import { type LocalDatabase, switchTables } from './facts/switch.ts'
import { notedKeys, stillOurs } from './host/chassis-keys.ts'
import { hostTable } from './host/table.ts'
import { removalOf } from './sandbox/port.ts'

export interface CleanupOptions {
  readonly config: Config
  readonly node: string
  readonly logger: Logger
}

/** Keys of the switch's external_ids that make it a chassis. A datapath type stays: whoever was there before us may have set the same. */
const chassisKeys = ['ovn-remote', 'ovn-encap-type', 'ovn-encap-ip', 'ovn-monitor-all']

/**
 * Takes everything of the product off a node that it is uninstalled from. Agent and ovn-controller must not run any more. Pods that still have our
 * interfaces lose their network. Can be run again.
 *
 * What carries our mark is swept by the engine that made it, which here has no owners: routes, rules, tables of nftables, rows of the local database.
 */
export async function cleanNode({ config, node, logger }: CleanupOptions): Promise<void> {
  removeFiles(config.cni)
  await using stack = new AsyncDisposableStack()
  const database: LocalDatabase = stack.use(
    openDatabase(Open_vSwitch, { remotes: config.ovs.database, tables: switchTables, leaderOnly: false, logger }),
  )
  await database.ready()
  const netlink = stack.use(Netlink.open())
  const sandboxes = [...database.table('Interface').rows()].filter(row => row.external_ids.has(interfaceIds.sandbox))
  await sweep(database, logger)
  const outcome = await database.transact([
    ...(isHypervisor(database)
      ? sandboxes.flatMap(row => removalOf(database, row))
      : removeBridge(database, integrationBridge)),
    ...ensureExternalIds(database, Object.fromEntries(keysOf(database, node).map(key => [key, undefined]))),
  ])
  await netlink.deleteLinks(sandboxes.map(({ name }) => name))
  logger.info({ node, switch: outcome.status, interfaces: sandboxes.length }, 'nothing of the product is left here')
}

/** Somebody else leads its ovn-controller: then the bridge is his, and only what hangs on it of ours goes. */
function isHypervisor(database: LocalDatabase): boolean {
  const ids = database.table('Open_vSwitch').one()?.external_ids ?? new Map<string, string>()
  return ids.has('ovn-remote') && !stillOurs(ids).has('ovn-remote')
}

/** What of the switch's external_ids is ours to take away: what still has the value that we gave it. */
function keysOf(database: LocalDatabase, node: string): string[] {
  const ids = database.table('Open_vSwitch').one()?.external_ids ?? new Map<string, string>()
  const ours = stillOurs(ids)
  const named = !isHypervisor(database) && ids.get('system-id') === node ? ['system-id'] : []
  return [notedKeys, ...named, ...chassisKeys.filter(key => ours.has(key))]
}

/** First the network configuration, so that no pod is begun any more. */
function removeFiles({ confDir, confFile, binDir, socketPath }: Config['cni']): void {
  rmSync(join(confDir, confFile), { force: true })
  if (binDir !== '') rmSync(join(binDir, programs.plugin), { force: true })
  const folder = dirname(socketPath)
  if (existsSync(folder))
    for (const name of ['initialized', 'agent-away', 'cni-server.sock']) rmSync(join(folder, name), { force: true })
}

async function sweep(database: LocalDatabase, logger: Logger): Promise<void> {
  using stack = new DisposableStack()
  const onError = (err: unknown) => logger.error({ err }, 'could not read what is left')
  const engine = new Engine({
    owners: [],
    targets: [
      new OvsdbTarget({
        name: 'ovs',
        replica: databaseReplica(database, ['Open_vSwitch', 'Bridge', 'Port', 'Interface']),
        ownership: { mark: [externalIds.managedBy, managedBy], owner: externalIds.owner },
      }),
      stack.use(await KernelTarget.open({ onError })),
      stack.use(await NftTarget.open({ tables: [hostTable], onError })),
    ],
    logger,
  })
  stack.use(engine)
  engine.start()
  await engine.settled()
}
