import type { PoolOptions } from '../http/server-agent.ts'
import type { KubeRequest } from './request.ts'

export interface KubeClientOptions extends PoolOptions {
  /** Shown in the API server's audit log. Default `ovnkit`. */
  readonly userAgent?: string
  /** Called once per attempt, for metrics. */
  readonly onAttempt?: (attempt: Attempt) => void
}

/** One request on the wire; status 0: no answer. */
export interface Attempt {
  readonly method: KubeRequest['method']
  readonly status: number
  readonly seconds: number
}

/** Options of every call. */
export type CallOptions = Pick<KubeRequest, 'signal' | 'timeoutMs' | 'retry'>

export interface WriteOptions extends CallOptions {
  /** Recorded in metadata.managedFields. Default: the user agent's first word, by the server. */
  readonly fieldManager?: string
  /** `status`, `scale`, ... */
  readonly subresource?: string
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string
  /** Take over fields that other managers own. */
  readonly force?: boolean
}

export interface StatusOptions extends CallOptions {
  readonly fieldManager?: string
  /** 409 `conflict` when the object of that name has another uid. */
  readonly uid?: string
}

export interface ListOptions extends CallOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Objects a page. Default 500. */
  readonly pageSize?: number
}

export interface DeleteOptions extends CallOptions {
  /** Delete only this very object (409 otherwise): a name may have been reused. */
  readonly uid?: string
  readonly resourceVersion?: string
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
}
