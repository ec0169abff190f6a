import { OvsError } from './errors.ts'
import type { OvsRow } from './index.ts'
import type { LocalSwitch } from './replica.ts'

export interface WaitOptions {
  /** Milliseconds until it fails with OvsError `timeout`. */
  readonly timeout: number
  /** Aborting rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Resolves when ovn-controller has installed all flows of the interface `name` (it sets `external_ids:ovn-installed`; OVN 20.12), with its row.
 * Driven by the replica's batches, without polling. Rejects with OvsError: `timeout` with what is known about the interface,
 * `gone` when its row is removed meanwhile.
 */
export function waitForInstalled(db: LocalSwitch, name: string, options: WaitOptions): Promise<OvsRow<'Interface'>> {
  return waitForInterface(db, name, row => row.external_ids.get('ovn-installed') === 'true', options)
}

/** Resolves with the row of the interface `name` when it fulfils `test`. */
export function waitForInterface(
  db: LocalSwitch,
  name: string,
  test: (row: OvsRow<'Interface'>) => boolean,
  { timeout, signal }: WaitOptions,
): Promise<OvsRow<'Interface'>> {
  const interfaces = db.table('Interface')
  let seen = interfaces.by('byName', name)
  if (seen && test(seen)) return Promise.resolve(seen)
  if (signal?.aborted) return Promise.reject(signal.reason)
  const { promise, resolve, reject } = Promise.withResolvers<OvsRow<'Interface'>>()
  const listener = db.onBatch(() => {
    const row = interfaces.by('byName', name)
    if (row === seen) return
    if (!row) reject(new OvsError('gone', `interface ${name} was removed from the switch while waiting for it`))
    else if (test(row)) resolve(row)
    seen = row
  })
  const timer = setTimeout(() => reject(new OvsError('timeout', explain(name, seen, timeout, db.connected))), timeout)
  const aborted = (): void => reject(signal?.reason)
  signal?.addEventListener('abort', aborted, { once: true })
  return promise.finally(() => {
    listener[Symbol.dispose]()
    clearTimeout(timer)
    signal?.removeEventListener('abort', aborted)
  })
}

/** What a person needs to know to find out who did not do their part. */
function explain(name: string, row: OvsRow<'Interface'> | undefined, timeout: number, connected: boolean): string {
  const lead = `interface ${name} was not ready within ${timeout} ms`
  if (!connected) return `${lead}: the connection to the local Open_vSwitch database is lost`
  if (!row) return `${lead}: it is not in the switch's database`
  if (row.error) return `${lead}: ovs-vswitchd says "${row.error}"`
  if (row.ofport === undefined) return `${lead}: ovs-vswitchd has not taken it up (is it running?)`
  const port = row.external_ids.get('iface-id')
  if (port === undefined) return `${lead}: it has no external_ids:iface-id, so ovn-controller ignores it`
  return `${lead}: ovn-controller has not bound logical port ${port} (is it running, connected, and is the port in the southbound database for this chassis?)`
}
