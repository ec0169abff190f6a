import type { Json } from '../wire/json.ts'

/** Why a transaction failed, from the server or from a check before sending. */
export class OvsdbError extends Error {
  override readonly name = 'OvsdbError'
  /**
   * The server's error tag, such as `constraint violation`, `referential integrity violation`, `unknown column`; or one
   * of ours, for what is found before sending: `unattached insert`, `unknown table`, `invalid value`.
   */
  readonly code: string
  readonly details: string | undefined
  /** The operation at fault, as it was sent; undefined for what is found at commit. */
  readonly operation: string | undefined
  /** Its position among the operations given; undefined for what is found at commit. */
  readonly index: number | undefined

  constructor(code: string, details?: string, at?: { readonly operation: string; readonly index: number }) {
    super([code, details, at && `operation ${at.index}: ${at.operation}`].filter(part => part).join(': '))
    this.code = code
    this.details = details
    this.operation = at?.operation
    this.index = at?.index
  }
}

/** The result of one operation: rows touched, or rows read, or nothing (insert, wait, comment, assert). */
export interface OperationResult {
  readonly count?: number
  readonly rows?: readonly Readonly<Record<string, Json>>[]
}

/**
 * What became of a transaction.
 * - `committed`: done, and the replica shows it
 * - `unchanged`: nothing was to be done; nothing was sent
 * - `aborted`: ended by an `abort` operation (dry run) or by the callback
 * - `conflict`: a guard (`wait`, verify) did not hold; the replica shows by now what it was
 * - `notLocked`: the lock asserted is not ours
 * - `failed`: refused, with the reason; the same operations would fail again
 * - `unknown`: the connection was lost, or the deadline passed, after sending: it may be done or not
 * - `disconnected`: never sent, certainly not done
 */
export type Outcome =
  | { readonly status: 'committed'; readonly results: readonly OperationResult[] }
  | { readonly status: 'unchanged' }
  | { readonly status: 'aborted' }
  | { readonly status: 'conflict'; readonly error: OvsdbError }
  | { readonly status: 'notLocked'; readonly error: OvsdbError }
  | { readonly status: 'failed'; readonly error: OvsdbError }
  | { readonly status: 'unknown'; readonly cause: Error }
  | { readonly status: 'disconnected'; readonly cause: Error }
