import { interfaceIds } from '@ovnkit/cni-api'
import { cniErrors } from '@ovnkit/cni-api/agent-socket'
import type { OvsRow } from '@ovnkit/ovs'
import type { LocalDatabase } from '../facts/switch.ts'
import { CniError, tryAgain } from '../server/cni-error.ts'

interface Waiter {
  resolve(): void
  reject(error: Error): void
}

type InterfaceRow = OvsRow<'Interface'>

/** Waits for ovn-controller to report that all flows of a port are in place, by the events of the local database. */
export class InstalledPorts implements Disposable {
  readonly #database: LocalDatabase
  readonly #hint: () => string | undefined
  readonly #waiters = new Map<string, Set<Waiter>>()
  readonly #subscription: Disposable

  /** @param hint what is known to keep ovn-controller from its work */
  constructor(database: LocalDatabase, hint: () => string | undefined) {
    this.#database = database
    this.#hint = hint
    this.#subscription = database.onBatch(batch => {
      const changes = batch.table('Interface')
      if (changes === undefined || this.#waiters.size === 0) return
      for (const row of changes.inserted) this.#look(row)
      for (const { row } of changes.updated) this.#look(row)
      for (const { _uuid, name } of changes.deleted) {
        this.#settle(_uuid, waiter => waiter.reject(tryAgain(`the port ${name} was removed again`)))
      }
    })
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]()
  }

  /** Rejects with CniError: 11 when the signal aborts first, 100 when the switch cannot open the interface. */
  async wait(uuid: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter = { resolve, reject }
    const waiters = this.#waiters.get(uuid) ?? new Set()
    this.#waiters.set(uuid, waiters.add(waiter))
    const onAbort = () => reject(this.#late(uuid))
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    const row = this.#database.table('Interface').get(uuid)
    if (row !== undefined) this.#look(row)
    try {
      await promise
    } finally {
      signal.removeEventListener('abort', onAbort)
      waiters.delete(waiter)
      if (waiters.size === 0) this.#waiters.delete(uuid)
    }
  }

  #look(row: InterfaceRow): void {
    if (!this.#waiters.has(row._uuid)) return
    if (isInstalled(row)) this.#settle(row._uuid, waiter => waiter.resolve())
    else if (row.error) {
      const error = new CniError(cniErrors.internal, `Open vSwitch cannot use ${row.name}: ${row.error}`)
      this.#settle(row._uuid, waiter => waiter.reject(error))
    }
  }

  #settle(uuid: string, how: (waiter: Waiter) => void): void {
    for (const waiter of this.#waiters.get(uuid) ?? []) how(waiter)
  }

  #late(uuid: string): CniError {
    const row = this.#database.table('Interface').get(uuid)
    const stage = row?.ofport === undefined ? 'ovs-vswitchd has not taken the port' : 'ovn-controller has not set it up'
    const hint = this.#hint() ?? 'are ovs-vswitchd and ovn-controller running on this node?'
    return tryAgain(`the port is not ready: ${stage}`, hint)
  }
}

export function isInstalled(row: InterfaceRow): boolean {
  return row.external_ids.get(interfaceIds.ovnInstalled) === 'true'
}
