import { type CniFailure, cniErrors } from '@ovnkit/cni-api/agent-socket'
import { hasCode, NetnsError } from '@ovnkit/linux'

/** An answer to the container runtime that is no success. */
export class CniError extends Error {
  readonly code: number
  readonly details: string | undefined
  constructor(code: number, message: string, details?: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.details = details
  }
}

/** Try again later: something is not there yet, or away. */
export function tryAgain(message: string, details?: string): CniError {
  return new CniError(cniErrors.tryAgain, message, details)
}

/** What to tell the runtime about anything thrown. */
export function failureOf(error: unknown): CniFailure {
  if (error instanceof CniError) return failure(error.code, error.message, error.details)
  if (error instanceof NetnsError && error.code === 'missing') return failure(cniErrors.unknownContainer, error.message)
  if (error instanceof NetnsError) return failure(cniErrors.badEnvironment, error.message)
  if (hasCode(error, 'ENODEV', 'ENOENT')) return failure(cniErrors.tryAgain, error.message)
  return failure(cniErrors.internal, error instanceof Error ? error.message : String(error))
}

function failure(code: number, msg: string, details?: string): CniFailure {
  return details === undefined ? { code, msg } : { code, msg, details }
}
