import type { Status } from './errors.ts'
import type { KubeResponse } from './request.ts'

/** The API server's JSON as the type that the resource promises. */
export function decodeJson<T>({ body }: { readonly body: Buffer }): T {
  return JSON.parse(body.toString('utf8')) as T
}

/** As decodeJson, of text. */
export function decodeText<T>(text: string): T {
  return JSON.parse(text) as T
}

/** The Status object of a refusal; undefined when the body is something else (a proxy's page, plain text). */
export function decodeStatus({ body }: Pick<KubeResponse, 'body'>): Status | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return isStatus(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status'
}
