import type { Connection } from '../connection/types.ts'
import type { DatabaseSchema } from '../schema/types.ts'
import type { TransactOptions } from '../types.ts'
import type { JsonObject } from '../wire/json.ts'
import { findUnattached } from './attached.ts'
import { type CodecOf, encodeOperations } from './encode.ts'
import { type Joined, joinMutations } from './join.ts'
import { assertLock, type Operation } from './operations.ts'
import { type Outcome, OvsdbError } from './outcome.ts'
import { settleFailure, settleReply } from './settle.ts'

/** What a transaction needs of a database. */
export interface Transactor {
  readonly connection: Pick<Connection, 'transact'>
  /** The server's schema; undefined before the first connection. */
  readonly server: DatabaseSchema | undefined
  readonly codecOf: CodecOf
  readonly lock: string | undefined
}

/** Checks, encodes and sends operations as one transaction. Rejects only with the signal's reason. */
export async function runTransaction(
  { connection, server, codecOf, lock }: Transactor,
  operations: readonly Operation[],
  options: TransactOptions,
): Promise<Outcome> {
  options.signal?.throwIfAborted()
  if (operations.length === 0) return { status: 'unchanged' }
  if (!server) return { status: 'disconnected', cause: new Error('not connected yet') }
  try {
    const unattached = findUnattached(server, operations)
    if (unattached) return { status: 'failed', error: unattached }
    const guards = lock === undefined ? [] : [assertLock(lock)]
    const joined = joinMutations(operations)
    const wire = encodeJoined(codecOf, operations, joined)
    const reply = await connection.transact([...encodeOperations(codecOf, guards), ...wire], options)
    return settleReply(
      operations,
      reply,
      joined.places.map(place => place + guards.length),
    )
  } catch (error) {
    return error instanceof OvsdbError ? { status: 'failed', error } : settleFailure(error)
  }
}

/** Errors name the operation as it was given, not as it was joined with others: then those given are looked at one by one. */
function encodeJoined(codecOf: CodecOf, given: readonly Operation[], { operations }: Joined): JsonObject[] {
  try {
    return encodeOperations(codecOf, operations)
  } catch (error) {
    if (error instanceof OvsdbError) encodeOperations(codecOf, given)
    throw error
  }
}
