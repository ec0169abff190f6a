import type { BulkPlace } from './bulk.ts'
import type { Json, JsonObject } from './json.ts'
import { parseJson } from './parse.ts'

/** What is known about a big table update before its first row. */
export interface BulkStart {
  readonly place: BulkPlace
  /** The monitor that a notification belongs to. */
  readonly monitor: Json | undefined
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

/**
 * The start of a `<table-updates>` object. It can't match inside a JSON string, where a quote has a backslash before it; nor
 * across a string's end, after which no letter may follow. And nothing else in OVSDB has keys that look like UUIDs.
 */
const START = new RegExp(
  `\\{\\s*"[A-Za-z_][A-Za-z0-9_]*"\\s*:\\s*\\{\\s*"${UUID}"\\s*:\\s*\\{\\s*"(?:initial|insert|modify|delete|old|new)"\\s*:`,
)
const REPLY = /"result"\s*:\s*$/
const REPLY_SINCE = /"result"\s*:\s*\[\s*(true|false)\s*,\s*"[^"]*"\s*,\s*$/
const NOTIFICATION = /"params"\s*:\s*\[[^{}]*,\s*$/

/**
 * Looks at the first bytes of a big message for rows of a table update: `monitor` and `monitor_cond` replies, those of
 * `monitor_cond_since`, and `update*` notifications. Returns where the object starts and what it means, or undefined for
 * everything else (schemas, results of `select`).
 */
export function findBulk(bytes: Buffer): ({ readonly at: number } & BulkStart) | undefined {
  const at = START.exec(bytes.toString('latin1'))?.index
  if (at === undefined) return undefined
  const prefix = bytes.toString('utf8', 0, at)
  const since = REPLY_SINCE.exec(prefix)
  if (since !== null) return { at, place: since[1] === 'true' ? 'resume' : 'snapshot', monitor: undefined }
  if (REPLY.test(prefix)) return { at, place: 'snapshot', monitor: undefined }
  return NOTIFICATION.test(prefix) ? { at, place: 'update', monitor: firstParam(prefix) } : undefined
}

function firstParam(prefix: string): Json | undefined {
  const message = parseJson(`${prefix}null]}`) as JsonObject
  return Array.isArray(message.params) ? message.params[0] : undefined
}
