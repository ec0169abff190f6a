import { TransportError } from '../client/errors.ts'

/** Status line and header fields of a response; field names in lower case, repeated fields joined by ", " (RFC 9110 5.3). */
export interface ResponseHead {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
}

/** What the parser calls while bytes arrive. `body` chunks are views into the pushed buffer: copy what must outlive the call. */
export interface ResponseSink {
  head(head: ResponseHead): void
  body(chunk: Buffer): void
  /** The response is complete; `reusable` says whether another request may follow on the same connection. */
  end(reusable: boolean): void
}

type State = 'head' | 'length' | 'untilClose' | 'chunkSize' | 'chunkData' | 'chunkEnd' | 'trailer' | 'done'

const MAX_HEAD = 64 * 1024
const CRLF = Buffer.from('\r\n')
const BLANK_LINE = Buffer.from('\r\n\r\n')
const NOTHING = Buffer.alloc(0)

/**
 * Push parser of one HTTP/1.1 response (RFC 9112), split anywhere. Body framing: Content-Length, chunked (with trailers),
 * until close. Interim (1xx) responses are skipped. It exists because node:https costs twice the CPU of a PATCH and 15 MB
 * more memory (bench/kube/README.md).
 * @throws TransportError code `protocol` when the peer does not speak HTTP/1.1.
 */
export class ResponseParser {
  readonly #sink: ResponseSink
  #state: State = 'head'
  #carry: Buffer = NOTHING
  #remaining = 0
  #keepAlive = true

  constructor(sink: ResponseSink) {
    this.#sink = sink
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  push(input: Buffer): void {
    let chunk = input
    while (chunk.length > 0) {
      if (this.#state === 'done') throw protocolError('bytes after the end of the response', chunk)
      chunk = isBodyState(this.#state) ? this.#pushBody(chunk) : this.#pushText(chunk)
    }
  }

  /** The peer closed its side. Ends a body that is delimited by close; otherwise returns false: the response is cut off. */
  close(): boolean {
    if (this.#state === 'untilClose') this.#finish(false)
    return this.#state === 'done'
  }

  #pushBody(chunk: Buffer): Buffer {
    if (this.#state === 'untilClose') {
      this.#sink.body(chunk)
      return NOTHING
    }
    const taken = Math.min(this.#remaining, chunk.length)
    this.#sink.body(taken === chunk.length ? chunk : chunk.subarray(0, taken))
    this.#remaining -= taken
    if (this.#remaining === 0) {
      if (this.#state === 'length') this.#finish(this.#keepAlive)
      else this.#state = 'chunkEnd'
    }
    return chunk.subarray(taken)
  }

  /** Head, chunk sizes, chunk ends and trailers are text up to a delimiter. */
  #pushText(chunk: Buffer): Buffer {
    const delimiter = this.#state === 'head' ? BLANK_LINE : CRLF
    const carried = this.#carry.length
    const joined = carried === 0 ? chunk : Buffer.concat([this.#carry, chunk])
    const at = joined.indexOf(delimiter)
    if (at < 0) {
      if (joined.length > MAX_HEAD) throw protocolError(`no end of the header section within ${MAX_HEAD} bytes`, joined)
      this.#carry = carried === 0 ? Buffer.from(chunk) : joined
      return NOTHING
    }
    this.#carry = NOTHING
    this.#line(joined.toString('latin1', 0, at))
    return joined.subarray(at + delimiter.length)
  }

  #line(text: string): void {
    if (this.#state === 'head') this.#onHead(text)
    else if (this.#state === 'chunkSize') this.#onChunkSize(text)
    else if (this.#state === 'chunkEnd') {
      if (text !== '') throw protocolError('a chunk longer than announced', Buffer.from(text))
      this.#state = 'chunkSize'
    } else if (text === '') this.#finish(this.#keepAlive)
  }

  #onHead(text: string): void {
    const head = parseHead(text)
    if (head.status < 200) return
    const { headers, status } = head
    this.#keepAlive = !hasToken(headers.get('connection'), 'close') && text.startsWith('HTTP/1.1')
    this.#sink.head(head)
    if (status === 204 || status === 304) this.#finish(this.#keepAlive)
    else if (hasToken(headers.get('transfer-encoding'), 'chunked')) this.#state = 'chunkSize'
    else this.#expectLength(headers.get('content-length'))
  }

  #expectLength(field: string | undefined): void {
    if (field === undefined) {
      this.#state = 'untilClose'
      return
    }
    if (!/^\d{1,15}$/.test(field)) throw protocolError('a Content-Length that is no number', Buffer.from(field))
    this.#remaining = Number(field)
    if (this.#remaining === 0) this.#finish(this.#keepAlive)
    else this.#state = 'length'
  }

  #onChunkSize(text: string): void {
    const digits = /^([0-9a-fA-F]{1,12})[ \t]*(?:;|$)/.exec(text)?.[1]
    if (digits === undefined) throw protocolError('a chunk size that is no hexadecimal number', Buffer.from(text))
    this.#remaining = Number.parseInt(digits, 16)
    this.#state = this.#remaining === 0 ? 'trailer' : 'chunkData'
  }

  #finish(reusable: boolean): void {
    this.#state = 'done'
    this.#sink.end(reusable)
  }
}

function isBodyState(state: State): boolean {
  return state === 'length' || state === 'chunkData' || state === 'untilClose'
}

function parseHead(text: string): ResponseHead {
  const lines = text.split('\r\n')
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(lines[0] ?? '')?.[1]
  if (status === undefined) throw protocolError('no HTTP/1.x status line', Buffer.from(text, 'latin1'))
  const headers = new Map<string, string>()
  for (let i = 1; i < lines.length; i++) addHeader(headers, lines[i] ?? '')
  return { status: Number(status), headers }
}

function addHeader(headers: Map<string, string>, line: string): void {
  const colon = line.indexOf(':')
  if (colon < 1) throw protocolError('a header line without a colon', Buffer.from(line, 'latin1'))
  const name = line.slice(0, colon).toLowerCase()
  const value = line.slice(colon + 1).trim()
  const before = headers.get(name)
  headers.set(name, before === undefined ? value : `${before}, ${value}`)
}

function hasToken(field: string | undefined, token: string): boolean {
  return (
    field
      ?.toLowerCase()
      .split(',')
      .some(part => part.trim() === token) ?? false
  )
}

function protocolError(what: string, bytes: Buffer): TransportError {
  const shown = JSON.stringify(bytes.toString('latin1', 0, 80))
  return new TransportError(
    'protocol',
    `expected an HTTP/1.1 response, got ${what}: ${shown}. Check that the server address is the API server's.`,
    { sent: true },
  )
}
