import type { KubeClient } from '../client/client.ts'
import { Deadline } from '../client/deadline.ts'
import { decodeText } from '../client/decode.ts'
import type { KubeRequest } from '../client/request.ts'
import { withRetries } from '../client/retry.ts'
import { type KubeObject, pathOf, type Resource } from '../resources.ts'
import { ItemSplitter } from './item-splitter.ts'
import { withoutManagedFields } from './managed-fields.ts'

/** What is listed and watched. */
export interface Scope<T extends KubeObject> {
  readonly client: KubeClient
  readonly resource: Resource<T>
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

export interface ListPagesOptions<T> {
  /** 0: everything in one answer. */
  readonly pageSize: number
  readonly onItem: (object: T) => void
  readonly signal: AbortSignal
}

const PAGE_TIMEOUT_MS = 60_000

/**
 * Lists page by page, decoding each object as soon as its bytes are there. A page that fails midway is asked for again, so
 * `onItem` may see an object twice.
 * @returns the resource version to watch from
 * @throws ApiError `gone` when the list's snapshot was compacted meanwhile: start over
 */
export async function listPages<T extends KubeObject>(scope: Scope<T>, options: ListPagesOptions<T>): Promise<string> {
  let page = await listPage(scope, options, undefined)
  while (page.next !== undefined && page.next !== '') page = await listPage(scope, options, page.next)
  return page.resourceVersion
}

interface Page {
  readonly resourceVersion: string
  readonly next: string | undefined
}

async function listPage<T extends KubeObject>(
  scope: Scope<T>,
  { pageSize, onItem, signal }: ListPagesOptions<T>,
  next: string | undefined,
): Promise<Page> {
  const query = { ...selectors(scope), limit: pageSize === 0 ? undefined : pageSize, continue: next }
  const request: KubeRequest = { method: 'GET', path: collectionPath(scope), query }
  using deadline = new Deadline(signal, PAGE_TIMEOUT_MS)
  return withRetries(request, deadline.signal, async () => {
    const splitter = new ItemSplitter(json => onItem(decodeText<T>(withoutManagedFields(json))))
    const sink = { head: () => {}, body: (chunk: Buffer) => splitter.push(chunk) }
    await scope.client.stream(request, deadline.signal, sink, false)
    return readEnvelope(splitter.envelope(), request.path)
  })
}

export function collectionPath({ resource, namespace }: Scope<KubeObject>): string {
  return pathOf(resource, namespace === undefined ? {} : { namespace })
}

export function selectors({ labelSelector, fieldSelector }: Scope<KubeObject>): {
  labelSelector?: string
  fieldSelector?: string
} {
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  }
}

function readEnvelope(envelope: unknown, path: string): Page {
  if (typeof envelope === 'object' && envelope !== null && 'metadata' in envelope) {
    const { metadata } = envelope
    if (typeof metadata === 'object' && metadata !== null && 'resourceVersion' in metadata)
      return {
        resourceVersion: String(metadata.resourceVersion),
        next: 'continue' in metadata ? String(metadata.continue) : undefined,
      }
  }
  throw new TypeError(
    `GET ${path}: expected a list with metadata.resourceVersion, got ${JSON.stringify(envelope).slice(0, 200)}`,
  )
}
