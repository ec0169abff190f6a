import type { BulkPlace, BulkRow } from '../wire/bulk.ts'
import { ProtocolError } from '../wire/errors.ts'
import { isJsonObject, type Json, type JsonObject } from '../wire/json.ts'
import {
  type ConnectionObserver,
  type ConnectionStats,
  InconsistentError,
  type RowKind,
  type UpdateStart,
} from './types.ts'

/** An observer threw something else than InconsistentError: a bug there, which no new connection will cure. */
export class ObserverFailure extends Error {
  override readonly name = 'ObserverFailure'
  readonly code = 'observer'
}

/** Feeds table updates into an observer, parsed or row by row, as consistent cuts. */
export class Feed {
  readonly #observer: ConnectionObserver
  readonly #stats: ConnectionStats
  #open = false

  constructor(observer: ConnectionObserver, stats: ConnectionStats) {
    this.#observer = observer
    this.#stats = stats
  }

  begin(start: UpdateStart): void {
    this.#open = true
    guard(() => this.#observer.begin(start))
  }

  /** For the rows of a big update. */
  row(): BulkRow {
    const observer = this.#observer
    const stats = this.#stats
    return (table, uuid, kind, slab, start, end) => {
      stats.rowsReceived++
      try {
        observer.row(table, uuid, kind, slab, start, end)
      } catch (error) {
        throw observerError(error)
      }
    }
  }

  /** Gives all rows of a parsed `<table-updates>` or `<table-updates2>`. */
  values(updates: Json, place: BulkPlace): void {
    for (const [table, rows] of Object.entries(asObject(updates)))
      for (const [uuid, update] of Object.entries(asObject(rows))) this.#value(table, uuid, asObject(update), place)
  }

  /** Closes the cut; a promise means that the observer is not done yet. */
  end(): void | Promise<void> {
    this.#open = false
    const done = guard(() => this.#observer.end())
    return done instanceof Promise ? done.catch(error => Promise.reject(observerError(error))) : undefined
  }

  /** The connection broke: takes back a cut that is not closed. */
  abort(): void {
    if (!this.#open) return
    this.#open = false
    this.#observer.abort()
  }

  #value(table: string, uuid: string, update: JsonObject, place: BulkPlace): void {
    this.#stats.rowsReceived++
    const [kind, row] = rowOf(update, place)
    guard(() => this.#observer.value(table, uuid, kind, row))
  }
}

function rowOf(update: JsonObject, place: BulkPlace): readonly [kind: RowKind, row: JsonObject | null] {
  if (update.modify !== undefined) return ['modify', asObject(update.modify)]
  if (update.insert !== undefined) return ['insert', asObject(update.insert)]
  if (update.initial !== undefined) return ['initial', asObject(update.initial)]
  if (update.delete !== undefined) return ['delete', null]
  // RFC 7047: {new} is an initial row or an insertion, {old, new} a change, {old} a deletion.
  if (update.new === undefined) return ['delete', null]
  const kind = update.old !== undefined ? 'replace' : place === 'snapshot' ? 'initial' : 'insert'
  return [kind, asObject(update.new)]
}

function asObject(value: Json): JsonObject {
  if (isJsonObject(value)) return value
  throw new ProtocolError(`in a table update: expected an object, got ${JSON.stringify(value)}`)
}

/** Calls into an observer; what it throws beside InconsistentError becomes an {@link ObserverFailure}. */
export function guard<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw observerError(error)
  }
}

function observerError(error: unknown): Error {
  if (error instanceof InconsistentError) return error
  return new ObserverFailure('the observer of a connection threw', { cause: error })
}
