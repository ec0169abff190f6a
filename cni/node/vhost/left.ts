import { createHash } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { integrationBridge, interfaceIds } from '@ovnkit/cni-api'
import type { OvsRow } from '@ovnkit/ovs'
import { addToSet, type Batcher, insert, mutate, type Operation, randomUuid } from '@ovnkit/ovsdb'
import type { Logger } from '@ovnkit/process'
import type { LocalDatabase } from '../facts/switch.ts'
import { removalOf } from '../sandbox/port.ts'
import { boundSockets } from './bound.ts'

export interface LeftSocketsOptions {
  /** Where Open vSwitch makes its sockets, `dpdk.socketDir`. */
  readonly folder: string
  readonly database: LocalDatabase
  readonly batcher: Batcher
  readonly logger: Logger
}

const FIRST_LOOK_MS = 4
const LAST_LOOK_MS = 1024

/**
 * Sockets that a killed ovs-vswitchd has left behind. The next one must not meet them: DPDK does not replace a socket, and after the first failure it keeps the path with a descriptor that it has
 * closed; at every further attempt it binds, and closes, whatever has that number by then (lib/vhost/socket.c, 20.11 to 24.11). So a port that failed is not tried again under its path: it gets
 * another name, and with it another path.
 */
export class LeftSockets implements Disposable {
  readonly #options: LeftSocketsOptions
  /** Names of those that were removed: should the next daemon have met one, its port has failed for that. */
  readonly #removed = new Set<string>()
  #again: NodeJS.Timeout | undefined

  constructor(options: LeftSocketsOptions) {
    this.#options = options
  }

  /** Removes those of our ports that no process has bound. */
  remove(): void {
    const { folder, database, logger } = this.#options
    for (const name of this.#unbound([...database.table('Interface').rows()])) {
      this.#removed.add(name)
      rmSync(join(folder, name), { force: true })
      logger.info({ socket: name }, 'removed a vhost-user socket that an ended Open vSwitch left behind')
    }
  }

  /**
   * The same when a daemon has ended. The kernel closes its sockets one after another, and tells of ours before the others are closed: they are looked at again
   * in growing intervals, for two seconds in all.
   */
  removeOfEnded(interval = FIRST_LOOK_MS): void {
    clearTimeout(this.#again)
    this.remove()
    if (interval > LAST_LOOK_MS) return
    this.#again = setTimeout(() => this.removeOfEnded(interval * 2), interval)
    this.#again.unref()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#again)
  }

  /** A port that could not be opened because of such a socket is made anew under another name. */
  replaceFailed(row: OvsRow<'Interface'>): void {
    const { folder, database, batcher, logger } = this.#options
    if (row.ofport !== undefined && row.ofport > 0) this.#removed.delete(row.name)
    const bridge = database.table('Bridge').by('byName', integrationBridge)
    if (!isOurs(row) || row.ofport !== -1 || bridge === undefined) return
    if (!this.#removed.delete(row.name) && this.#unbound([row]).length === 0) return
    logger.warn({ port: row.name, error: row.error }, 'a vhost-user port met the socket of an earlier Open vSwitch')
    rmSync(join(folder, row.name), { force: true })
    batcher
      .transact(renamed(database, row, bridge))
      .catch(err => logger.warn({ err, port: row.name }, 'could not make a vhost-user port anew'))
  }

  /** First the files, then who has bound them: a socket that is made meanwhile is not among them. */
  #unbound(rows: readonly OvsRow<'Interface'>[]): string[] {
    const names = rows.filter(row => isOurs(row) && existsSync(join(this.#options.folder, row.name)))
    if (names.length === 0) return []
    const bound = boundSockets()
    return names.flatMap(({ name }) => (bound.has(name) ? [] : [name]))
  }
}

const isOurs = ({ type, external_ids: ids }: OvsRow<'Interface'>): boolean =>
  type === 'dpdkvhostuser' && ids.has(interfaceIds.vhostSocket)

/** The same port under a name that nobody has had; what ovn-controller noted of the old one is its own to find out again. */
function renamed(database: LocalDatabase, row: OvsRow<'Interface'>, bridge: OvsRow<'Bridge'>): Operation[] {
  const [port, own] = [randomUuid(), randomUuid()]
  const name = `vhu${createHash('sha256').update(own).digest('hex').slice(0, 12)}`
  const { type, mtu_request, external_ids } = row
  const ids = Object.fromEntries([...external_ids].filter(([key]) => !key.startsWith(interfaceIds.ovnInstalled)))
  return [
    ...removalOf(database, row),
    insert('Interface', own, { name, type, ...(mtu_request !== undefined && { mtu_request }), external_ids: ids }),
    insert('Port', port, { name, interfaces: [own] }),
    mutate('Bridge', bridge._uuid, [addToSet('ports', port)]),
  ]
}
