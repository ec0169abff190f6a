import type { V1Status } from '@kubernetes/client-node'
import type { Wire } from '../resources.ts'

/** `Status` as the API server sends it with every refusal (meta/v1 Status). */
export type Status = Wire<V1Status>

/** Why there is no answer: stable, for programs. */
export type TransportCode = 'connect' | 'lost' | 'timeout' | 'protocol' | 'tls'

/**
 * What the API server's refusal means: stable, for programs. Derived from the HTTP status and `reason`, so that
 * `alreadyExists` and `conflict`, both 409, are told apart.
 */
export type ApiCode =
  | 'badRequest'
  | 'unauthorized'
  | 'forbidden'
  | 'notFound'
  | 'alreadyExists'
  | 'conflict'
  | 'gone'
  | 'invalid'
  | 'tooManyRequests'
  | 'unavailable'
  | 'serverError'
  | 'other'

/** The configuration (kubeconfig, service account files) cannot be used. The message names the file and the remedy. */
export class KubeConfigError extends Error {
  override readonly name = 'KubeConfigError'
  readonly code = 'config'
}

/** No (complete) answer came. `sent` is false only when certainly no byte of the request reached the server. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: TransportCode
  readonly sent: boolean

  constructor(code: TransportCode, message: string, options: { sent: boolean; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.code = code
    this.sent = options.sent
  }
}

/** The API server answered with a status >= 400 (or sent an ERROR event in a watch). */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ApiCode
  /** HTTP status. */
  readonly status: number
  /** `reason` of the Status object, e.g. `NotFound`; empty when the body was no Status. */
  readonly reason: string
  readonly details: Status['details'] | undefined
  /** The server's wish, from Retry-After or details.retryAfterSeconds. */
  readonly retryAfterMs: number | undefined

  constructor(request: string, status: number, body: Status | undefined, retryAfterMs?: number) {
    const reason = body?.reason ?? ''
    const code = apiCode(status, reason)
    const said = body?.message ?? `HTTP ${status}`
    const hint = HINTS[code]
    super(`${request}: ${status} ${reason || code}: ${said}${hint === undefined ? '' : ` (${hint})`}`)
    this.code = code
    this.status = status
    this.reason = reason
    this.details = body?.details
    const seconds = body?.details?.retryAfterSeconds
    this.retryAfterMs = retryAfterMs ?? (seconds === undefined ? undefined : seconds * 1000)
  }
}

const HINTS: Partial<Record<ApiCode, string>> = {
  unauthorized: 'the credentials are missing, wrong or expired: check the token file or the client certificate',
  forbidden: 'grant this verb on this resource to the account in a Role or ClusterRole',
  conflict: 'the object changed meanwhile: read it again and retry',
  gone: 'the resource version is too old: list again',
  tooManyRequests: 'the server limits this client: retried after its Retry-After',
}

const BY_STATUS: Readonly<Record<number, ApiCode>> = {
  400: 'badRequest',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'notFound',
  409: 'conflict',
  410: 'gone',
  422: 'invalid',
  429: 'tooManyRequests',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
}

function apiCode(status: number, reason: string): ApiCode {
  if (reason === 'AlreadyExists') return 'alreadyExists'
  return BY_STATUS[status] ?? (status >= 500 ? 'serverError' : 'other')
}

/** True for an ApiError with that code: the usual test in a catch. */
export function isApiError(error: unknown, code: ApiCode): error is ApiError {
  return error instanceof ApiError && error.code === code
}
