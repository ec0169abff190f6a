import { Backoff } from './backoff.ts'
import { ApiError, TransportError } from './errors.ts'
import { isRepeatable, type KubeRequest } from './request.ts'
import { sleep } from './sleep.ts'

/** The server's own wish is honoured up to this long; beyond, the caller decides. */
const LONGEST_RETRY_AFTER_MS = 30_000

/**
 * Repeats what is safe to repeat, with jittered backoff, until the signal's deadline: refused before it was executed (429, 503 or
 * 500 with Retry-After), never sent (connection refused), or sent and lost when the request is repeatable.
 */
export async function withRetries<T>(
  request: KubeRequest,
  signal: AbortSignal,
  attempt: () => Promise<T>,
  backoff: Backoff = new Backoff({ minMs: 100, maxMs: 5_000 }),
): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (signal.aborted || request.retry === false) throw error
      const delay = delayAfter(error, request, backoff)
      if (delay === undefined) throw error
      await sleep(delay, signal)
      if (signal.aborted) throw error
    }
  }
}

/** ms to wait before the next attempt; undefined when there must be none. */
export function delayAfter(error: unknown, request: KubeRequest, backoff: Backoff): number | undefined {
  if (error instanceof ApiError) return delayAfterRefusal(error, request, backoff)
  if (!(error instanceof TransportError)) return undefined
  if (error.code === 'tls' || error.code === 'protocol') return undefined
  return !error.sent || isRepeatable(request) ? backoff.next() : undefined
}

function delayAfterRefusal(error: ApiError, request: KubeRequest, backoff: Backoff): number | undefined {
  const { code, retryAfterMs } = error
  if (retryAfterMs !== undefined && retryAfterMs > LONGEST_RETRY_AFTER_MS) return undefined
  const asked = code === 'tooManyRequests' || retryAfterMs !== undefined
  const outage = code === 'unavailable' && isRepeatable(request)
  return asked || outage ? Math.max(retryAfterMs ?? 0, backoff.next()) : undefined
}

/** Retry-After (RFC 9110 10.2.3): seconds or an HTTP date, as ms from now. */
export function parseRetryAfter(field: string | undefined, now: number = Date.now()): number | undefined {
  if (field === undefined) return undefined
  if (/^\d{1,9}$/.test(field)) return Number(field) * 1000
  const date = Date.parse(field)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
