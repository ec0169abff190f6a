import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeJson } from './encode.ts'
import { ProtocolError } from './errors.ts'
import { Framer } from './framer.ts'
import type { Json } from './json.ts'
import { parseJson, parseRow } from './parse.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter(value => !value.includes('\0'))
const tricky = fc.constantFrom('{', '}', '"', '\\', '}{', '"}{"', '\\"', '}},"', 'ż', '🐢', '\u2028', '\x7f', '\n')
const string = fc.oneof(
  text,
  fc.array(tricky, { maxLength: 8 }).map(parts => parts.join('')),
)
const value = fc.oneof(string, fc.integer(), fc.boolean(), fc.constant(null), fc.array(string, { maxLength: 3 }))
const object = fc.dictionary(string, fc.oneof(value, fc.dictionary(string, value, { maxKeys: 3 })), { maxKeys: 4 })
const cuts = fc.array(fc.nat(), { maxLength: 20 })

function cutAt(bytes: Buffer, positions: readonly number[]): Buffer[] {
  const sorted = [...new Set(positions.map(position => position % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...sorted].map((from, index) => Buffer.from(bytes.subarray(from, sorted[index] ?? bytes.length)))
}

function frame(chunks: readonly Buffer[]): string[] {
  const messages: string[] = []
  const framer = new Framer({ message: message => messages.push(message) })
  for (const chunk of chunks) {
    framer.add(chunk)
    framer.run(() => false)
  }
  return messages
}

describe('framing', () => {
  test('any objects, cut anywhere, with or without space between, come out as they went in', () => {
    fc.assert(
      fc.property(fc.array(object, { maxLength: 5 }), fc.constantFrom('', ' ', '\n'), cuts, (objects, space, at) => {
        const texts = objects.map(item => JSON.stringify(item))
        expect(frame(cutAt(Buffer.from(texts.join(space)), at))).toEqual(texts)
      }),
    )
  })

  test('one message cut at every byte', () => {
    fc.assert(
      fc.property(object, item => {
        const bytes = Buffer.from(JSON.stringify(item))
        for (let at = 0; at <= bytes.length; at++) expect(frame(cutAt(bytes, [at]))).toEqual([bytes.toString()])
      }),
      { numRuns: 30 },
    )
  })

  test('garbage never hangs and never crashes otherwise than by ProtocolError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (bytes, at) => {
        try {
          frame(cutAt(Buffer.from(bytes), at))
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
    )
  })
})

const uuid = fc.uuid()
const row = fc.dictionary(string, value, { maxKeys: 6 })
const rowUpdate = fc.oneof(
  fc.record({ initial: row }),
  fc.record({ insert: row }),
  fc.record({ modify: row }),
  fc.constant({ delete: null }),
)
const tableName = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).filter(name => name !== '__proto__')
const tables = fc.dictionary(tableName, fc.dictionary(uuid, rowUpdate, { minKeys: 1, maxKeys: 8 }), { maxKeys: 4 })
const padding = Object.fromEntries(
  Array.from({ length: 80 }, (_, n) => [
    `00000000-0000-4000-8000-${n.toString().padStart(12, '0')}`,
    { insert: { name: '}},"'.repeat(100) } },
  ]),
)

describe('splitting', () => {
  test('the rows of a split update are those of JSON.parse, wherever it is cut and however often it yields', () => {
    fc.assert(
      fc.property(tables, cuts, fc.integer({ min: 1, max: 5 }), (updates, at, every) => {
        const all = { Padding: padding, ...updates }
        const bytes = Buffer.from(JSON.stringify({ id: null, method: 'update2', params: ['m', all] }))
        const seen: [string, string, string, Json][] = []
        let asked = 0
        const framer = new Framer({
          message: (message, isSplit) => {
            expect([message, isSplit]).toEqual(['{"id":null,"method":"update2","params":["m",null]}', true])
          },
          bulk: () => (table, id, kind, slab, from, to) =>
            seen.push([table, id, kind, from === to ? null : parseRow(slab, from, to)]),
        })
        for (const chunk of cutAt(bytes, at)) framer.add(chunk)
        while (framer.queued > 0) framer.run(() => ++asked % every === 0)
        const expected = Object.entries(all).flatMap(([table, rows]) =>
          Object.entries(rows).flatMap(([id, update]) =>
            Object.entries(update).map(([kind, columns]) => [table, id, kind, columns]),
          ),
        )
        expect(seen).toEqual(expected)
      }),
    )
  })
})

describe('numbers and strings', () => {
  test('every 64-bit integer survives encoding and parsing', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), number => {
        const parsed = parseJson(encodeJson([number, { a: number }]))
        expect(parsed).toEqual([exact(number), { a: exact(number) }])
      }),
    )
  })

  test('every value without NUL survives encoding and parsing', () => {
    fc.assert(
      fc.property(object, item => {
        expect(parseJson(encodeJson(item))).toEqual(JSON.parse(JSON.stringify(item)))
      }),
    )
  })
})

function exact(number: bigint): Json {
  return Number.isSafeInteger(Number(number)) ? Number(number) : number
}
