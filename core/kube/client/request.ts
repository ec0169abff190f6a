/** One API call, before credentials and connection. */
export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Percent-encoded path, e.g. from `pathOf`. */
  readonly path: string
  readonly query?: Query
  /** Sent as JSON; text is sent as it is. */
  readonly body?: unknown
  /** Default `application/json`. */
  readonly contentType?: string
  readonly signal?: AbortSignal
  /** For the whole call with its retries. Default 30,000. */
  readonly timeoutMs?: number
  /** false: hand every failure to the caller at once. Default true. */
  readonly retry?: boolean
}

/** Query parameters; undefined and empty ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** A whole answer with a status below 400. */
export interface KubeResponse {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

/** Path with its query. */
export function targetOf(path: string, query: Query | undefined): string {
  if (query === undefined) return path
  const parts: string[] = []
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') parts.push(`${name}=${encodeURIComponent(value)}`)
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`
}

/**
 * May this be sent a second time when nobody knows whether the first arrived? A JSON patch may not: its `test` would fail
 * against its own result; a POST would answer AlreadyExists.
 */
export function isRepeatable({ method, contentType }: KubeRequest): boolean {
  return method !== 'POST' && contentType !== PATCH_TYPES.json
}

/** Content types of PATCH (Kubernetes API concepts, "Patch"). */
export const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const
