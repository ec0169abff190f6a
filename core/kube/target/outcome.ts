import type { CommitResult } from '@ovnkit/reconcile'
import { ApiError, TransportError } from '../client/errors.ts'

/** How a refused or lost call ends: `gone` when the object that was meant no longer exists. */
export type Failure = CommitResult | { readonly status: 'gone' }

/** Refusals that are about one object go to its owner; outages concern all. */
export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof ApiError) return { ...refusal(error), message }
  if (error instanceof TransportError && error.code !== 'tls')
    return { status: error.sent ? 'unknown' : 'unavailable', message }
  return { status: 'unavailable', message }
}

function refusal(error: ApiError): { readonly status: 'gone' | 'rejected' | 'unavailable' } {
  switch (error.code) {
    case 'notFound':
      return { status: 'gone' }
    case 'invalid':
    case 'conflict':
      return { status: isOtherUid(error) ? 'gone' : 'rejected' }
    case 'unauthorized':
    case 'tooManyRequests':
    case 'unavailable':
    case 'serverError':
      return { status: 'unavailable' }
    default:
      return { status: 'rejected' }
  }
}

/**
 * The name belongs to another object now: a merge patch is refused with 422 on `metadata.uid`, an apply or delete with 409 naming the
 * uid, a JSON patch by its test of /metadata/uid.
 */
function isOtherUid({ details, message }: ApiError): boolean {
  if (details?.causes?.some(({ field }) => field === 'metadata.uid') === true) return true
  return /uid mismatch|UID in precondition|testing value \/metadata\/uid/i.test(message)
}
