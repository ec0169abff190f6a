import { increment, mutate, type Operation } from '@ovnkit/ovsdb'
import type { LocalDatabase } from '../facts/switch.ts'
import { tryAgain } from '../server/cni-error.ts'

/** Part of a transaction that `configured` can then wait for (ovs-vswitchd.conf.db(5), next_cfg and cur_cfg). */
export function nextConfiguration(database: LocalDatabase): Operation {
  return mutate('Open_vSwitch', database.table('Open_vSwitch').one()?._uuid ?? '', [increment('next_cfg')])
}

/**
 * Resolves when ovs-vswitchd has carried out all that is in the database now. Rejects with CniError 11 when the signal
 * aborts first.
 */
export async function configured(database: LocalDatabase, signal: AbortSignal): Promise<void> {
  const table = database.table('Open_vSwitch')
  const wanted = table.one()?.next_cfg ?? 0
  const isDone = () => (table.one()?.cur_cfg ?? 0) >= wanted
  if (isDone()) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  using _ = database.onBatch(() => {
    if (isDone()) resolve()
  })
  const onAbort = () =>
    reject(tryAgain('ovs-vswitchd does not take up its configuration', 'is it running on this node?'))
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
