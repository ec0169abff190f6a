import { encodeJson } from './encode.ts'
import { ProtocolError } from './errors.ts'
import type { Json, JsonArray, JsonObject } from './json.ts'
import { parseJson } from './parse.ts'

/** A JSON-RPC 1.0 message as OVSDB uses it (RFC 7047 section 4). */
export type Message =
  | { readonly kind: 'request'; readonly method: string; readonly params: JsonArray; readonly id: Json }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonArray }
  | { readonly kind: 'reply'; readonly id: Json; readonly result: Json }
  | { readonly kind: 'error'; readonly id: Json; readonly error: Json }

const MEMBERS = new Set(['method', 'params', 'result', 'error', 'id'])

/** Parses the text of one message. As strict as ovsdb-server: throws {@link ProtocolError} for anything else than the five members. */
export function parseMessage(text: string): Message {
  const message = parseObject(text)
  for (const member in message) {
    if (!MEMBERS.has(member)) throw malformed(`only the members ${[...MEMBERS].join(', ')}, got "${member}"`, text)
  }
  return message.method === undefined ? parseAnswer(message, text) : parseAsk(message, text)
}

function parseObject(text: string): JsonObject {
  try {
    return parseJson(text) as JsonObject
  } catch (cause) {
    throw new ProtocolError(`expected a JSON object, got ${excerpt(text)}`, { cause })
  }
}

function parseAsk(message: JsonObject, text: string): Message {
  const { method, params, id } = message
  if (typeof method !== 'string') throw malformed('a string as "method"', text)
  if (!Array.isArray(params)) throw malformed('an array as "params"', text)
  if (message.result !== undefined || (message.error ?? null) !== null)
    throw malformed('either a request or a reply', text)
  return (id ?? null) === null
    ? { kind: 'notification', method, params }
    : { kind: 'request', method, params, id: id ?? null }
}

/** Error replies of ovsdb-server have no "result" at all; other implementations send `null`. */
function parseAnswer(message: JsonObject, text: string): Message {
  const { id, result, error } = message
  if ((id ?? null) === null) throw malformed('an "id" in a reply', text)
  if (message.params !== undefined) throw malformed('no "params" in a reply', text)
  if ((error ?? null) !== null) return { kind: 'error', id: id ?? null, error: error ?? null }
  if (result === undefined) throw malformed('"result" or "error" in a reply', text)
  return { kind: 'reply', id: id ?? null, result }
}

/** Encodes a request. Throws EncodeError for values that OVSDB can't carry. */
export function encodeRequest(id: number, method: string, params: JsonArray): string {
  return `{"id":${id},"method":${encodeJson(method)},"params":${encodeJson(params)}}`
}

/** Encodes a notification, which is a request that gets no reply. */
export function encodeNotification(method: string, params: JsonArray): string {
  return `{"id":null,"method":${encodeJson(method)},"params":${encodeJson(params)}}`
}

/** Encodes the reply to a request of the peer. */
export function encodeReply(id: Json, result: Json): string {
  return `{"id":${encodeJson(id)},"result":${encodeJson(result)},"error":null}`
}

/** Encodes the reply to a request of the peer that can't be served. */
export function encodeErrorReply(id: Json, error: Json): string {
  return `{"id":${encodeJson(id)},"error":${encodeJson(error)}}`
}

function malformed(expected: string, text: string): ProtocolError {
  return new ProtocolError(`malformed message: expected ${expected}: ${excerpt(text)}`)
}

function excerpt(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}... (${text.length} characters)`
}
