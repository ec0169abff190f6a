import { keyOf, type ObjectRef } from '../resources.ts'
import { TokenBucket } from './token-bucket.ts'

/** What happened to an object, for people. */
export interface EventNote {
  readonly type: 'Normal' | 'Warning'
  /** One CamelCase word; stable, for filters: `AddressConflict`. */
  readonly reason: string
  readonly message: string
}

/** One Event object of the API, as it grows. */
export interface Occurrence {
  readonly subject: ObjectRef
  readonly note: EventNote
  readonly firstAt: number
  lastAt: number
  count: number
  /** Name of the Event in the API once it was created. */
  created: string | undefined
}

/** As client-go's EventCorrelator: 10 different messages for one object and reason in 10 minutes are combined from then on. */
const SIMILAR_MAX = 10
const SIMILAR_MS = 600_000
/** At most so many objects are remembered; the longest silent ones are forgotten first. */
const MAX_REMEMBERED = 4096
const MAX_MESSAGE = 1024

interface Similar {
  readonly messages: Set<string>
  since: number
}

/**
 * Turns repetitions into one Event that counts, floods of similar ones into one combined Event, and tells which may be sent now: 25
 * writes per object at once, then one every 5 minutes. What is held back still counts.
 */
export class Correlator {
  readonly #occurrences = new Map<string, Occurrence>()
  readonly #similar = new Map<string, Similar>()
  readonly #buckets = new Map<string, TokenBucket>()

  /** @param now ms since the epoch; @returns the occurrence, and whether it may be written now */
  note(subject: ObjectRef, note: EventNote, now: number): { readonly occurrence: Occurrence; readonly send: boolean } {
    const object = `${subject.resource.plural}/${keyOf(subject)} ${subject.uid ?? ''}`
    const combined = this.#combine(object, clip(note), now)
    const key = `${object} ${combined.type} ${combined.reason} ${combined.key}`
    const occurrence = this.#occurrences.get(key) ?? this.#begin(subject, combined.note, now)
    occurrence.count++
    occurrence.lastAt = now
    remember(this.#occurrences, key, occurrence)
    return { occurrence, send: this.#bucket(object, now).take(now) }
  }

  #begin(subject: ObjectRef, note: EventNote, now: number): Occurrence {
    return { subject, note, firstAt: now, lastAt: now, count: 0, created: undefined }
  }

  #combine(
    object: string,
    note: EventNote,
    now: number,
  ): EventNote & { readonly key: string; readonly note: EventNote } {
    const key = `${object} ${note.type} ${note.reason}`
    const before = this.#similar.get(key)
    const similar =
      before === undefined || now - before.since > SIMILAR_MS ? { messages: new Set<string>(), since: now } : before
    remember(this.#similar, key, similar)
    if (similar.messages.size < SIMILAR_MAX) similar.messages.add(note.message)
    if (similar.messages.has(note.message)) return { ...note, key: note.message, note }
    const message = clip({ ...note, message: `(combined from similar events) ${note.message}` }).message
    return { ...note, key: '(combined)', note: { ...note, message } }
  }

  #bucket(object: string, now: number): TokenBucket {
    const bucket = this.#buckets.get(object) ?? new TokenBucket({ burst: 25, perMs: 1 / 300_000, now })
    remember(this.#buckets, object, bucket)
    return bucket
  }
}

/** Puts an entry at the end of the map, which is the order of last use, and forgets the first when there are too many. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= MAX_REMEMBERED) return
  const oldest = map.keys().next().value
  if (oldest !== undefined) map.delete(oldest)
}

function clip(note: EventNote): EventNote {
  return note.message.length <= MAX_MESSAGE
    ? note
    : { ...note, message: `${note.message.slice(0, MAX_MESSAGE - 3)}...` }
}
