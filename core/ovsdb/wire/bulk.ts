import { ProtocolError } from './errors.ts'
import { isSpace, ObjectScanner } from './scan.ts'

/** Kinds of rows as RFC 7047's updates and the update2/update3 extension say them, the former translated. */
export type BulkKind = 'initial' | 'insert' | 'modify' | 'replace' | 'delete'

/** What a big table update is, known before its first row: the reply to a monitor request (continued or not) or a notification. */
export type BulkPlace = 'snapshot' | 'resume' | 'update'

/** Receives the rows of one big table update: bytes `slab[start, end)`; empty for deletions. */
export type BulkRow = (
  table: string,
  uuid: string,
  kind: BulkKind,
  slab: Uint8Array,
  start: number,
  end: number,
) => void

// Positions within {"Table": {"uuid": {"kind": {row}}}}
const TABLES = 0
const TABLE_KEY = 1
const TABLE_VALUE = 2
const ROWS = 3
const UUID_KEY = 4
const UUID_VALUE = 5
const KINDS = 6
const KIND_KEY = 7
const KIND_VALUE = 8
const ROW = 9
const NULL = 10

const EMPTY = Buffer.alloc(0)
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d
const LETTER_N = 0x6e

/** Bytes from a row's key to the start of its value, `"<uuid>":{"initial":`, with the longest kind. */
const HEAD = 52
const UUID_END = 37
const KINDS_BY_NAME: Readonly<Record<string, BulkKind | 'old' | 'new'>> = {
  initial: 'initial',
  insert: 'insert',
  modify: 'modify',
  delete: 'delete',
  old: 'old',
  new: 'new',
}

/**
 * Splits the object of a big table update into rows while it arrives. Bytes may be cut anywhere; none is looked at twice,
 * and a row is copied only if a cut goes through it.
 */
export class BulkSplitter {
  readonly #row: BulkRow
  readonly #place: BulkPlace
  #state = TABLES
  #opened = false
  #key = ''
  #table = ''
  #uuid = ''
  #kind: BulkKind | 'old' | 'new' = 'initial'
  #sawOld = false
  #sawNew = false
  // The value of the current row, once complete.
  #slab: Uint8Array = EMPTY
  #start = 0
  #end = 0
  // The value being scanned: where it starts in this chunk, or its pieces so far if a cut goes through it.
  #valueAt = 0
  #pieces: Uint8Array[] = []
  readonly #scanner = new ObjectScanner()
  #nullLeft = 0
  /** Whether the closing brace of the tables object was seen. */
  done = false

  constructor(place: BulkPlace, row: BulkRow) {
    this.#place = place
    this.#row = row
  }

  /** Reads `chunk` from `from`; returns how far it came: to its end, past the tables object, or to where it was told to yield. */
  consume(chunk: Buffer, from: number, shouldYield: () => boolean): number {
    let at = from
    let rows = 0
    while (at < chunk.length && !this.done) {
      const byte = chunk[at] ?? 0
      if (this.#state === ROW) at = this.#readRow(chunk, at)
      else if (this.#state === ROWS && this.#readHead(chunk, at)) at = this.#valueAt
      else if (this.#state === KIND_VALUE && byte === OPEN) this.#openRow(at)
      else if (this.#state === KINDS && byte === CLOSE) {
        this.#emit()
        at++
        if ((++rows & 15) === 0 && shouldYield()) break
      } else {
        this.#step(byte)
        at++
      }
    }
    return at
  }

  /** The usual start of a row in one look: `"<uuid>":{"<kind>":{` without spaces, whole within the chunk. */
  #readHead(chunk: Buffer, at: number): boolean {
    if (chunk[at] !== QUOTE || at + HEAD > chunk.length) return false
    if (chunk[at + UUID_END] !== QUOTE || chunk[at + 38] !== COLON || chunk[at + 39] !== OPEN) return false
    const kindStart = at + 41
    const first = chunk[kindStart]
    // i-nitial, i-nsert, m-odify: by the lengths 7 and 6
    if (chunk[at + 40] !== QUOTE || (first !== 0x69 && first !== 0x6d)) return false
    const length = chunk[kindStart + 7] === QUOTE ? 7 : 6
    const value = kindStart + length + 2
    if (chunk[kindStart + length] !== QUOTE || chunk[value - 1] !== COLON || chunk[value] !== OPEN) return false
    this.#uuid = chunk.toString('latin1', at + 1, at + UUID_END)
    this.#openWrapper()
    this.#kind = length === 7 ? 'initial' : first === 0x6d ? 'modify' : 'insert'
    this.#openRow(value)
    return true
  }

  #openWrapper(): void {
    this.#sawOld = false
    this.#sawNew = false
    this.#setValue(EMPTY, 0, 0)
    this.#state = KINDS
  }

  #openRow(at: number): void {
    this.#state = ROW
    this.#valueAt = at
    this.#scanner.reset()
    this.#pieces.length = 0
  }

  #readRow(chunk: Buffer, from: number): number {
    const end = this.#scanner.scan(chunk, from, chunk.length)
    if (this.#scanner.depth === 0) this.#closeRow(chunk, end)
    else this.#pieces.push(chunk.subarray(from))
    return end
  }

  #closeRow(chunk: Buffer, end: number): void {
    this.#state = KINDS
    if (this.#kind === 'new') this.#sawNew = true
    // RFC 7047's updates have "old" beside "new": only the latter is a row to keep.
    if (this.#kind === 'old') this.#sawOld = true
    else if (this.#pieces.length === 0) this.#setValue(chunk, this.#valueAt, end)
    else {
      const joined = joinCut(this.#pieces, chunk.subarray(0, end))
      this.#setValue(joined, 0, joined.length)
    }
    this.#pieces.length = 0
  }

  #setValue(slab: Uint8Array, start: number, end: number): void {
    this.#slab = slab
    this.#start = start
    this.#end = end
  }

  #emit(): void {
    this.#state = ROWS
    this.#row(this.#table, this.#uuid, this.#resolveKind(), this.#slab, this.#start, this.#end)
  }

  #resolveKind(): BulkKind {
    if (this.#sawNew) return this.#sawOld ? 'replace' : this.#place === 'snapshot' ? 'initial' : 'insert'
    if (this.#sawOld) return 'delete'
    if (this.#kind === 'old' || this.#kind === 'new') throw unexpected('a row update', 'an empty object')
    return this.#kind
  }

  /** One byte outside of row values. */
  #step(byte: number): void {
    if (isSpace(byte) && this.#state !== TABLE_KEY && this.#state !== UUID_KEY && this.#state !== KIND_KEY) return
    switch (this.#state) {
      case TABLES:
        if (!this.#opened) this.#opened = expectByte(byte, OPEN)
        else if (byte === CLOSE) this.done = true
        else this.#openKey(byte, TABLE_KEY)
        break
      case ROWS:
        if (byte === CLOSE) this.#state = TABLES
        else this.#openKey(byte, UUID_KEY)
        break
      case KINDS:
        this.#openKey(byte, KIND_KEY)
        break
      case TABLE_KEY:
      case UUID_KEY:
      case KIND_KEY:
        this.#readKey(byte)
        break
      case TABLE_VALUE:
        if (byte === OPEN) this.#state = ROWS
        else expectByte(byte, COLON)
        break
      case UUID_VALUE:
        if (byte === OPEN) this.#openWrapper()
        else expectByte(byte, COLON)
        break
      case KIND_VALUE:
        this.#openNull(byte)
        break
      default:
        this.#readNull()
    }
  }

  #openKey(byte: number, state: number): void {
    if (byte === COMMA) return
    expectByte(byte, QUOTE)
    this.#key = ''
    this.#state = state
  }

  #readKey(byte: number): void {
    if (byte === BACKSLASH) throw unexpected('a plain name as key', `an escape after "${this.#key}"`)
    if (byte !== QUOTE) this.#key += String.fromCharCode(byte)
    else if (this.#state === TABLE_KEY) {
      this.#table = this.#key
      this.#state = TABLE_VALUE
    } else if (this.#state === UUID_KEY) {
      this.#uuid = this.#key
      this.#state = UUID_VALUE
    } else {
      const kind = KINDS_BY_NAME[this.#key]
      if (kind === undefined) throw unexpected('initial, insert, modify, delete, old or new', `"${this.#key}"`)
      this.#kind = kind
      this.#state = KIND_VALUE
    }
  }

  /** Deletions have `null` where others have a row. */
  #openNull(byte: number): void {
    if (byte === COLON) return
    expectByte(byte, LETTER_N)
    this.#nullLeft = 3
    this.#state = NULL
  }

  #readNull(): void {
    if (--this.#nullLeft === 0) this.#state = KINDS
  }
}

/** A row that was cut gets a slab of its own, so that it doesn't keep its neighbours' alive. */
function joinCut(pieces: readonly Uint8Array[], last: Uint8Array): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.length, last.length)
  const slab = Buffer.allocUnsafeSlow(length)
  let at = 0
  for (const piece of [...pieces, last]) {
    slab.set(piece, at)
    at += piece.length
  }
  return slab
}

function expectByte(byte: number, expected: number): true {
  if (byte !== expected) throw unexpected(`'${String.fromCharCode(expected)}'`, `'${String.fromCharCode(byte)}'`)
  return true
}

function unexpected(expected: string, got: string): ProtocolError {
  return new ProtocolError(`in a table update: expected ${expected}, got ${got}`)
}
