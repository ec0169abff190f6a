import { existsSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { interfaceIds } from '@ovnkit/cni-api'
import { DaemonWatch } from './daemon.ts'
import { linkSocket } from './folder.ts'
import { LeftSockets, type LeftSocketsOptions } from './left.ts'

export interface SocketsOptions extends LeftSocketsOptions {
  /** The run folder of Open vSwitch; undefined where its database is reached over the network. */
  readonly runFolder: string | undefined
}

/**
 * Looks after the sockets that Open vSwitch makes (mode server). After its restart they are other files, and pods' names of them follow: the folder tells when one is made.
 * What a killed daemon leaves behind goes the moment it ends, before the next one is up.
 */
export function followSockets(options: SocketsOptions): Disposable {
  const { folder, runFolder, database, logger } = options
  const stack = new DisposableStack()
  const left = stack.use(new LeftSockets(options))
  const daemon = runFolder === undefined ? undefined : stack.use(new DaemonWatch(runFolder, () => left.removeOfEnded()))
  try {
    const watcher = watch(folder, (_, name) => name !== null && relink(options, basename(name)))
    stack.defer(() => watcher.close())
    watcher.on('error', err => logger.warn({ err, folder }, 'could not follow the vhost-user sockets'))
  } catch (err) {
    logger.warn({ err, folder }, 'could not follow the vhost-user sockets: dpdk.socketDir must exist')
  }
  stack.use(
    database.onBatch(batch => {
      // A daemon that has begun writes what it found.
      daemon?.look()
      for (const { row } of batch.table('Interface')?.updated ?? []) left.replaceFailed(row)
    }),
  )
  daemon?.look()
  left.remove()
  for (const row of database.table('Interface').rows()) {
    relink(options, row.name)
    left.replaceFailed(row)
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

/** The run folder of Open vSwitch, where its database is a socket in it. */
export const runFolderOf = (remote: string): string | undefined =>
  remote.startsWith('unix:') ? dirname(remote.slice('unix:'.length)) : undefined
