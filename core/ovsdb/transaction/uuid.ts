import { hash, randomUUID } from 'node:crypto'
import type { Uuid } from '../schema/values.ts'

/** A random UUID for a new row. */
export function randomUuid<T extends string = string>(): Uuid<T> {
  return randomUUID() as string as Uuid<T>
}

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Whether the text has the lower-case form of a UUID. */
export function isUuid(text: string): text is Uuid {
  return pattern.test(text)
}

/**
 * A UUID that is always the same for the same texts (version 8 of RFC 9562, made of SHA-256), so that a row can be
 * inserted twice by mistake only with an error, and found again without an index.
 */
export function uuidFor<T extends string = string>(namespace: string, name: string): Uuid<T> {
  const digest = hash('sha256', `${namespace.length}:${namespace}${name}`, 'buffer')
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80
  const hex = digest.toString('hex', 0, 16)
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
  return parts.join('-') as Uuid<T>
}
