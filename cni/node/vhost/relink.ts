import { existsSync, rmSync, watch } from 'node:fs'
import { basename, join } from 'node:path'
import { interfaceIds } from '@ovnkit/cni-api'
import type { OvsRow } from '@ovnkit/ovs'
import type { Batcher } from '@ovnkit/ovsdb'
import type { Logger } from '@ovnkit/process'
import type { LocalDatabase } from '../facts/switch.ts'
import { nextConfiguration } from '../sandbox/configured.ts'
import { linkSocket } from './folder.ts'

export interface SocketsOptions {
  /** Where Open vSwitch makes its sockets, `dpdk.socketDir`. */
  readonly folder: string
  readonly database: LocalDatabase
  readonly batcher: Batcher
  readonly logger: Logger
}

/**
 * Looks after the sockets that Open vSwitch makes (mode server). After its restart they are other files, and pods' names of them follow: the folder tells when one is made. A daemon that
 * was killed leaves them behind, and then the next one cannot make its own (DPDK does not replace a socket): those are removed, and the switch is told to look again.
 */
export function followSockets(options: SocketsOptions): Disposable {
  const { folder, database, logger } = options
  const stack = new DisposableStack()
  try {
    const watcher = watch(folder, (_, name) => name !== null && relink(options, basename(name)))
    stack.defer(() => watcher.close())
    watcher.on('error', err => logger.warn({ err, folder }, 'could not follow the vhost-user sockets'))
  } catch (err) {
    logger.warn({ err, folder }, 'could not follow the vhost-user sockets: dpdk.socketDir must exist')
  }
  stack.use(
    database.onBatch(batch => {
      const changes = batch.table('Interface')
      for (const { row } of changes?.updated ?? []) unblock(options, row)
    }),
  )
  for (const row of database.table('Interface').rows()) {
    relink(options, row.name)
    unblock(options, row)
  }
  return stack
}

function relink({ folder, database, logger }: SocketsOptions, name: string): void {
  const row = database.table('Interface').by('byName', name)
  const socket = row?.external_ids.get(interfaceIds.vhostSocket)
  const made = join(folder, name)
  if (row?.type !== 'dpdkvhostuser' || socket === undefined || !existsSync(made)) return
  try {
    linkSocket(made, socket)
  } catch (err) {
    logger.warn({ err, socket }, 'could not give a pod its vhost-user socket')
  }
}

/** The port could not be opened while its socket is there: nobody listens on that any more. */
function unblock({ folder, database, batcher, logger }: SocketsOptions, row: OvsRow<'Interface'>): void {
  const left = join(folder, row.name)
  const ours = row.type === 'dpdkvhostuser' && row.external_ids.has(interfaceIds.vhostSocket)
  if (!ours || row.ofport !== -1 || !existsSync(left)) return
  rmSync(left, { force: true })
  logger.info({ socket: left }, 'removed a vhost-user socket that an earlier Open vSwitch left behind')
  batcher
    .transact([nextConfiguration(database)])
    .catch(err => logger.warn({ err }, 'could not tell Open vSwitch to look again'))
}
