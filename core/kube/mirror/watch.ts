import { decodeText, isStatus } from '../client/decode.ts'
import { ApiError, TransportError } from '../client/errors.ts'
import type { KubeRequest } from '../client/request.ts'
import type { KubeObject } from '../resources.ts'
import { LineSplitter } from './line-splitter.ts'
import { collectionPath, type Scope, selectors } from './list.ts'
import { withoutManagedFields } from './managed-fields.ts'

export interface WatchTimings {
  /** Asked of the server, s: it ends the watch after that long, and we resume. Default 300 to 600, at random. */
  readonly timeoutSeconds?: number
  /** After the first bookmark of a watch so much silence means that it is dead (the server sends one a minute). Default 150,000. */
  readonly silenceMs?: number
  /** Until the response starts. Default 30,000. */
  readonly headMs?: number
}

export interface WatchOptions<T> extends WatchTimings {
  readonly resourceVersion: string
  readonly signal: AbortSignal
  /** The server accepted the watch. */
  readonly onOpen: () => void
  readonly onEvent: (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T) => void
  /** The position to resume from, after each event and bookmark. */
  readonly onVersion: (resourceVersion: string, bookmark: boolean) => void
}

/** Beyond the server's own timeout, so that it is the one who ends the watch. */
const GRACE_MS = 30_000

interface WatchLine<T> {
  readonly type: string
  readonly object: T
}

/**
 * One watch, until the server ends it.
 * @throws ApiError `gone` when the version is too old (HTTP status or ERROR event); another ApiError; TransportError when the
 *   connection broke or went silent
 */
export async function watchOnce<T extends KubeObject>(scope: Scope<T>, options: WatchOptions<T>): Promise<void> {
  const timeoutSeconds = options.timeoutSeconds ?? 300 + Math.floor(Math.random() * 300)
  const query = {
    ...selectors(scope),
    watch: 1,
    allowWatchBookmarks: true,
    resourceVersion: options.resourceVersion,
    timeoutSeconds,
  }
  const request: KubeRequest = { method: 'GET', path: collectionPath(scope), query }
  using watchdog = new Watchdog(options.signal, options, timeoutSeconds * 1000 + GRACE_MS)
  const lines = new LineSplitter(line =>
    handleLine(decodeText<WatchLine<T>>(withoutManagedFields(line)), request, options, watchdog),
  )
  const sink = {
    head: () => {
      watchdog.opened()
      options.onOpen()
    },
    body: (chunk: Buffer) => {
      watchdog.heard()
      lines.push(chunk)
    },
  }
  await scope.client.stream(request, watchdog.signal, sink, true)
}

function handleLine<T extends KubeObject>(
  { type, object }: WatchLine<T>,
  request: KubeRequest,
  options: WatchOptions<T>,
  watchdog: Watchdog,
): void {
  if (type === 'ERROR') throw watchError(object, request)
  const version = object.metadata?.resourceVersion
  if (type === 'BOOKMARK') watchdog.bookmarked()
  else if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') options.onEvent(type, object)
  if (version !== undefined) options.onVersion(version, type === 'BOOKMARK')
}

function watchError(object: unknown, { path }: KubeRequest): ApiError {
  const status = isStatus(object) ? object : undefined
  return new ApiError(`WATCH ${path}`, status?.code ?? 500, status)
}

/** Aborts a watch that nobody answers: a half-open connection, a proxy whose backend is gone. */
class Watchdog {
  readonly #controller = new AbortController()
  readonly #parent: AbortSignal
  readonly #silenceMs: number
  readonly #total: NodeJS.Timeout
  #timer: NodeJS.Timeout
  #bookmarks = false

  constructor(parent: AbortSignal, { headMs = 30_000, silenceMs = 150_000 }: WatchTimings, totalMs: number) {
    this.#parent = parent
    this.#silenceMs = silenceMs
    this.#total = setTimeout(() => this.#bark(`the server did not end the watch within ${totalMs} ms`), totalMs)
    this.#timer = setTimeout(() => this.#bark(`no answer within ${headMs} ms`), headMs)
    if (parent.aborted) this.#follow()
    else parent.addEventListener('abort', this.#follow, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  opened(): void {
    clearTimeout(this.#timer)
  }

  bookmarked(): void {
    if (this.#bookmarks) return
    this.#bookmarks = true
    this.#timer = setTimeout(
      () => this.#bark(`nothing, not even a bookmark, for ${this.#silenceMs} ms`),
      this.#silenceMs,
    )
  }

  heard(): void {
    if (this.#bookmarks) this.#timer.refresh()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#total)
    this.#parent.removeEventListener('abort', this.#follow)
  }

  readonly #follow = () => this.#controller.abort(this.#parent.reason)

  #bark(what: string): void {
    this.#controller.abort(new TransportError('timeout', `the watch is dead: ${what}`, { sent: true }))
  }
}
