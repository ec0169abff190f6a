import { dirname } from 'node:path'
import { interfaceIds } from '@ovnkit/cni-api'
import { cniErrors } from '@ovnkit/cni-api/agent-socket'
import type { Netlink } from '@ovnkit/linux'
import type { OvsRow } from '@ovnkit/ovs'
import type { Batcher, Operation, Outcome } from '@ovnkit/ovsdb'
import type { LocalDatabase } from '../facts/switch.ts'
import { CniError, tryAgain } from '../server/cni-error.ts'
import { linkSocket, makeFolder, removeFolder } from '../vhost/folder.ts'
import type { VhostPort } from '../vhost/port.ts'
import { configured, nextConfiguration } from './configured.ts'
import type { InstalledPorts } from './installed.ts'
import { ensureLink, type LinkOptions } from './link.ts'
import { findPorts, planPort, removalOf, sandboxPorts } from './port.ts'
import type { LinkReaper } from './reaper.ts'
import { hostInterfaceName, parseAlias, type Sandbox, type SandboxId, sandboxKey } from './sandbox.ts'

export interface AttachmentsOptions {
  readonly database: LocalDatabase
  readonly batcher: Batcher
  readonly netlink: Netlink
  readonly reaper: LinkReaper
  readonly installed: InstalledPorts
}

/** Sandboxes and their ports: made, removed, and what is left over of them swept. */
export class Attachments {
  readonly #options: AttachmentsOptions

  constructor(options: AttachmentsOptions) {
    this.#options = options
  }

  /** Attaches a sandbox; again for the same one completes what is missing. Resolves when its port passes packets. */
  async attach(sandbox: Sandbox, options: LinkOptions, signal: AbortSignal): Promise<void> {
    const { netlink, installed } = this.#options
    if (sandbox.vhost !== undefined) return this.#attachVhost(sandbox, sandbox.vhost, signal)
    const fresh = await ensureLink(netlink, sandbox, options)
    const uuid = await this.#ensurePort(sandbox, fresh, signal)
    await installed.wait(uuid, signal)
  }

  /** Without an interface of the kernel: what tells the pod's program is a folder, its way into the switch a socket. */
  async #attachVhost(sandbox: Sandbox, vhost: VhostPort, signal: AbortSignal): Promise<void> {
    makeFolder(sandbox, vhost)
    await this.#options.installed.wait(await this.#ensurePort(sandbox, false, signal), signal)
    if (vhost.made !== undefined) linkSocket(vhost.made, vhost.socket)
  }

  async #ensurePort(sandbox: Sandbox, fresh: boolean, signal: AbortSignal): Promise<string> {
    const { database } = this.#options
    const plan = planPort(database, sandbox, fresh)
    if (plan === undefined) throw tryAgain('the integration bridge does not exist yet')
    if (plan.before.length > 0) {
      await this.#commit([...plan.before, nextConfiguration(database)])
      await configured(database, signal)
    }
    await this.#commit(plan.operations)
    return plan.interface
  }

  /** Removes port and pair of a sandbox. What is gone already is no error. */
  async detach(id: SandboxId): Promise<void> {
    const { database, reaper } = this.#options
    const rows = findPorts(database, id)
    const operations = rows.flatMap(row => removalOf(database, row))
    await Promise.all([this.#commit(operations), reaper.remove(hostInterfaceName(id))])
    removeFolders(rows)
  }

  /** Removes every attachment of ours that is not in `valid`, pairs without a port included. */
  async keepOnly(valid: ReadonlySet<string>): Promise<readonly SandboxId[]> {
    const links = await this.#options.netlink.links()
    const ofLinks = links.flatMap(({ alias }) => parseAlias(alias) ?? [])
    const all = new Map([...ofLinks, ...sandboxPorts(this.#options.database)].map(id => [sandboxKey(id), id]))
    const gone = [...all].filter(([key]) => !valid.has(key)).map(([, id]) => id)
    await Promise.all(gone.map(id => this.detach(id)))
    return gone
  }

  /**
   * Removes ports whose interface and network namespace are both gone: after a reboot the switch's database still has
   * the ports of before.
   */
  async sweepLeftovers(namespaceExists: (path: string) => boolean): Promise<readonly SandboxId[]> {
    const names = new Set((await this.#options.netlink.links()).map(({ name }) => name))
    const gone = sandboxPorts(this.#options.database).filter(
      ({ row }) => !names.has(row.name) && !namespaceExists(row.external_ids.get('zstack.io/netns') ?? ''),
    )
    await this.#commit(gone.flatMap(({ row }) => removalOf(this.#options.database, row)))
    removeFolders(gone.map(({ row }) => row))
    return gone
  }

  async #commit(operations: readonly Operation[]): Promise<void> {
    if (!this.#options.database.connected) throw tryAgain('the local Open vSwitch database cannot be reached')
    if (operations.length > 0) checkOutcome(await this.#options.batcher.transact(operations))
  }
}

/** Folders of vhost-user ports that are gone. */
function removeFolders(rows: readonly OvsRow<'Interface'>[]): void {
  for (const { external_ids } of rows) {
    const socket = external_ids.get(interfaceIds.vhostSocket)
    if (socket !== undefined) removeFolder(dirname(socket))
  }
}

function checkOutcome(outcome: Outcome): void {
  switch (outcome.status) {
    case 'committed':
    case 'unchanged':
      return
    case 'failed':
      throw new CniError(cniErrors.internal, 'the local Open vSwitch database refused a change', outcome.error.message)
    case 'unknown':
    case 'disconnected':
      throw tryAgain('the local Open vSwitch database went away', outcome.cause.message)
    default:
      throw tryAgain(`a change of the local Open vSwitch database ended in ${outcome.status}`)
  }
}
