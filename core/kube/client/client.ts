import type { KubeConfig } from '../config/server.ts'
import type { ResponseSink } from '../http/exchange.ts'
import { type KubeObject, type ObjectName, pathOf, type Resource } from '../resources.ts'
import { Comeback } from './comeback.ts'
import { Deadline } from './deadline.ts'
import { decodeJson } from './decode.ts'
import { TransportError } from './errors.ts'
import { nameOf, withType } from './identity.ts'
import type {
  ApplyOptions,
  Attempt,
  CallOptions,
  DeleteOptions,
  KubeClientOptions,
  ListOptions,
  StatusOptions,
  WriteOptions,
} from './options.ts'
import type { JsonPatchOperation, MergePatch } from './patch.ts'
import { accepted, described, RefusalFilter } from './refusal.ts'
import { type KubeRequest, type KubeResponse, PATCH_TYPES } from './request.ts'
import { withRetries } from './retry.ts'
import { Transport } from './transport.ts'

const DEFAULT_TIMEOUT_MS = 30_000
const DEFAULT_PAGE = 500

interface ListBody<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
  readonly items: T[]
}

/**
 * Calls to one API server. Every method throws ApiError (the server refused: `code`, `reason`, `status`), TransportError
 * (no answer) or the signal's reason; what is safe to repeat was repeated until the deadline by then.
 */
export class KubeClient {
  readonly config: KubeConfig
  /** For those who wait until the server can be reached again. */
  readonly comeback = new Comeback()
  readonly #transport: Transport
  readonly #onAttempt: ((attempt: Attempt) => void) | undefined

  constructor(config: KubeConfig, options: KubeClientOptions = {}) {
    this.config = config
    this.#transport = new Transport(config, options.userAgent ?? 'ovnkit', options)
    this.#onAttempt = options.onAttempt
  }

  /** Open connections: pooled for calls, dedicated for watches. */
  get connections(): { pooled: number; dedicated: number } {
    return this.#transport.connections
  }

  async get<T extends KubeObject>(resource: Resource<T>, name: ObjectName, options: CallOptions = {}): Promise<T> {
    return decodeJson(await this.request({ ...options, method: 'GET', path: pathOf(resource, name) }))
  }

  /** All objects, page by page. For a copy that stays up to date use `mirror`. */
  async list<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions = {},
  ): Promise<{ items: T[]; resourceVersion: string }> {
    const { namespace, labelSelector, fieldSelector, pageSize = DEFAULT_PAGE, ...call } = options
    const path = pathOf(resource, namespace === undefined ? {} : { namespace })
    const items: T[] = []
    for (let next: string | undefined; ; ) {
      const query = { labelSelector, fieldSelector, limit: pageSize, continue: next }
      const page: ListBody<T> = decodeJson(await this.request({ ...call, method: 'GET', path, query }))
      for (const item of page.items) items.push(item)
      next = page.metadata.continue
      if (next === undefined || next === '') return { items, resourceVersion: page.metadata.resourceVersion }
    }
  }

  /**
   * Into the object's own namespace. With `subresource` (e.g. `token`, `binding`) into that of the named object.
   * @throws ApiError `alreadyExists`
   */
  async create<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata ?? {}
    const scope = namespace === undefined ? {} : { namespace }
    const inside =
      options.subresource === undefined || name === undefined ? {} : { name, subresource: options.subresource }
    return decodeJson(
      await this.#write('POST', pathOf(resource, { ...scope, ...inside }), withType(resource, object), options),
    )
  }

  /** PUT. With metadata.resourceVersion set it fails with `conflict` when the object changed since. */
  async replace<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const path = pathIn(resource, nameOf(object), options)
    return decodeJson(await this.#write('PUT', path, withType(resource, object), options))
  }

  /** RFC 7386. `metadata.uid` in the patch is a precondition: 409 `conflict` when the object of that name is another one. */
  async mergePatch<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: MergePatch,
    options: WriteOptions = {},
  ): Promise<T> {
    return decodeJson(await this.#write('PATCH', pathIn(resource, name, options), patch, options, PATCH_TYPES.merge))
  }

  /** RFC 6902, with `test` as precondition: 422 `invalid` when it fails. Never repeated after a lost connection. */
  async jsonPatch<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: readonly JsonPatchOperation[],
    options: WriteOptions = {},
  ): Promise<T> {
    return decodeJson(await this.#write('PATCH', pathIn(resource, name, options), patch, options, PATCH_TYPES.json))
  }

  /** Merge patch of the status subresource: spec and metadata stay as they are. */
  patchStatus<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    status: MergePatch,
    options: StatusOptions = {},
  ): Promise<T> {
    const { uid, ...rest } = options
    const patch = uid === undefined ? { status } : { metadata: { uid }, status }
    return this.mergePatch(resource, name, patch, { ...rest, subresource: 'status' })
  }

  /**
   * Server-side apply: creates the object or takes its place in the named fields; fields that the manager named before and
   * does not name now are removed.
   * @throws ApiError `conflict` when another manager owns a field with another value, unless `force`
   */
  async apply<T extends KubeObject>(resource: Resource<T>, object: T, options: ApplyOptions): Promise<T> {
    const path = pathIn(resource, nameOf(object), options)
    return decodeJson(
      await this.#write('PATCH', path, withType(resource, object), options, PATCH_TYPES.apply, options.force),
    )
  }

  /** Resolves when the server accepted: finalizers and grace periods may keep the object for longer. */
  async delete(resource: Resource, name: ObjectName, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion, gracePeriodSeconds, propagationPolicy, ...call } = options
    const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion }
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions, gracePeriodSeconds, propagationPolicy }
    await this.request({ ...call, method: 'DELETE', path: pathOf(resource, name), body })
  }

  /** Any call. The response's status is below 400. */
  async request(request: KubeRequest): Promise<KubeResponse> {
    using deadline = new Deadline(request.signal, request.timeoutMs ?? DEFAULT_TIMEOUT_MS)
    try {
      return await withRetries(request, deadline.signal, () => this.#attempt(request, deadline.signal))
    } catch (error) {
      // The other kept connections may be as dead as the one that did not answer.
      if (error instanceof TransportError && error.code === 'timeout') this.dropIdle()
      throw described(request, this.config.server, error)
    }
  }

  /**
   * One attempt whose body goes to `sink` as it arrives (watches, large lists), without deadline. An answer >= 400 never
   * reaches the sink. `dedicated`: on a connection outside the pool.
   */
  async stream(request: KubeRequest, signal: AbortSignal, sink: ResponseSink, dedicated: boolean): Promise<void> {
    const filter = new RefusalFilter(sink)
    const started = performance.now()
    try {
      await this.#transport.stream(request, signal, filter, dedicated)
    } catch (error) {
      throw described(request, this.config.server, error)
    } finally {
      this.#count(request, filter.status, started)
    }
    if (filter.status === 401) this.#transport.refreshCredentials()
    accepted(request, filter.response)
  }

  /** Closes idle connections, so that the next calls use the credentials that are on disk now. Expired ones are dropped by the server anyway. */
  dropIdle(): void {
    this.#transport.dropIdle()
  }

  close(): void {
    this.#transport.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async #attempt(request: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
    const response = await this.#call(request, signal)
    const stale = response.status === 401 && this.#transport.refreshCredentials()
    return accepted(request, stale ? await this.#call(request, signal) : response)
  }

  async #call(request: KubeRequest, signal: AbortSignal): Promise<KubeResponse> {
    const started = performance.now()
    let status = 0
    try {
      const response = await this.#transport.call(request, signal)
      status = response.status
      return response
    } finally {
      this.#count(request, status, started)
    }
  }

  #count({ method }: KubeRequest, status: number, started: number): void {
    this.#onAttempt?.({ method, status, seconds: (performance.now() - started) / 1e3 })
  }

  #write(
    method: KubeRequest['method'],
    path: string,
    body: unknown,
    options: WriteOptions,
    contentType = 'application/json',
    force?: boolean,
  ): Promise<KubeResponse> {
    const { fieldManager, subresource: _, ...call } = options
    return this.request({ ...call, method, path, query: { fieldManager, force }, body, contentType })
  }
}

function pathIn(resource: Resource, name: ObjectName, { subresource }: WriteOptions): string {
  return pathOf(resource, subresource === undefined ? name : { ...name, subresource })
}
