import { setImmediate } from 'node:timers/promises'
import type { Replica } from '../replica/replica.ts'
import type { AnyTables } from '../schema/types.ts'
import type { TransactionOptions } from '../types.ts'
import { Aborted, TransactionBuilder } from './builder.ts'
import type { Operation } from './operations.ts'
import type { Outcome } from './outcome.ts'
import type { Transaction } from './transaction.ts'

export interface CallbackTarget {
  readonly replica: Replica
  transact(operations: readonly Operation[]): Promise<Outcome>
}

type Run<R> = (tx: Transaction<AnyTables>) => R | Promise<R>
export type CallbackOutcome<R> = Outcome & { readonly value: R | undefined }

const RETRIES = 10

/**
 * Runs a callback and sends what it did; after a conflict, again, with the replica as it is then (what conflicted came in
 * before the reply did). `value` is what the last run returned; undefined if it was aborted.
 */
export async function runCallback<R>(
  target: CallbackTarget,
  run: Run<R>,
  options: TransactionOptions,
): Promise<CallbackOutcome<R>> {
  const retries = options.retries ?? RETRIES
  for (let attempt = 0; ; attempt++) {
    const result = await runOnce(target, run, options)
    if (result.status !== 'conflict' || attempt >= retries) return result
    options.signal?.throwIfAborted()
    await setImmediate()
  }
}

async function runOnce<R>(
  target: CallbackTarget,
  run: Run<R>,
  options: TransactionOptions,
): Promise<CallbackOutcome<R>> {
  const builder = new TransactionBuilder(target.replica, options.verify ?? false)
  try {
    // The builder works on rows as data; the interface adds what the compiler knows about them.
    const value = await run(builder as unknown as Transaction<AnyTables>)
    const outcome = await target.transact(builder.finish())
    return { ...outcome, value }
  } catch (error) {
    if (error instanceof Aborted) return { status: 'aborted', value: undefined }
    throw error
  }
}
