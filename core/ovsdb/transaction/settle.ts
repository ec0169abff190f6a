import { DisconnectedError, RpcError, TimeoutError } from '../session/errors.ts'
import type { Json, JsonArray, JsonObject } from '../wire/json.ts'
import type { Operation } from './operations.ts'
import { type OperationResult, type Outcome, OvsdbError } from './outcome.ts'

/** Server errors that say "not now" before anything was done. */
const notNow = new Set(['unknown database', 'database not available'])

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The outcome of a `transact` reply (RFC 7047 section 4.1.3). `places` says which result belongs to each operation; some
 * may share one.
 */
export function settleReply(operations: readonly Operation[], reply: JsonArray, places: readonly number[]): Outcome {
  for (const [at, result] of reply.entries()) {
    if (isObject(result) && typeof result.error === 'string') return settleError(operations, result, places, at)
  }
  return { status: 'committed', results: places.map(place => operationResult(reply[place])) }
}

/** An error beyond the last operation happened at commit and belongs to none of them. */
function settleError(
  operations: readonly Operation[],
  result: JsonObject,
  places: readonly number[],
  at: number,
): Outcome {
  const code = String(result.error)
  const details = typeof result.details === 'string' ? result.details : undefined
  const index = places.indexOf(at)
  const certain = index === places.lastIndexOf(at) ? operations[index] : undefined
  const error = new OvsdbError(code, details, certain && { operation: certain.op, index })
  if (code === 'aborted') return { status: 'aborted' }
  if (code === 'timed out') return { status: 'conflict', error }
  if (code === 'not owner') return { status: 'notLocked', error }
  return { status: 'failed', error }
}

function operationResult(result: Json | undefined): OperationResult {
  if (!isObject(result)) return {}
  const { count, rows } = result
  return {
    ...(typeof count === 'number' ? { count } : {}),
    ...(Array.isArray(rows) ? { rows: rows.filter(isObject) } : {}),
  }
}

/** The outcome of a request that failed as a whole. Rethrows what is neither the connection's nor the server's doing. */
export function settleFailure(error: unknown): Outcome {
  if (error instanceof DisconnectedError || error instanceof TimeoutError) {
    return error.sent ? { status: 'unknown', cause: error } : { status: 'disconnected', cause: error }
  }
  if (!(error instanceof RpcError)) throw error
  if (notNow.has(error.code)) return { status: 'disconnected', cause: error }
  if (error.code === 'canceled') return { status: 'unknown', cause: error }
  return { status: 'failed', error: new OvsdbError(error.code, error.details) }
}
