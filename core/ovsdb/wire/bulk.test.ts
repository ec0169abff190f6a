import { describe, expect, test } from 'vitest'
import type { BulkStart } from './bulk-start.ts'
import { ProtocolError } from './errors.ts'
import { Framer, WHOLE } from './framer.ts'
import type { Json } from './json.ts'
import { parseRow } from './parse.ts'

const uuid = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`
const filler = (n: number): object => ({ match: `ip4.src == {10.0.0.${n}} && "quoted\\" }},` })
const many = Object.fromEntries(Array.from({ length: 600 }, (_, n) => [uuid(n), { initial: filler(n) }]))

interface Split {
  readonly starts: BulkStart[]
  readonly rows: [table: string, uuid: string, kind: string, row: Json][]
  readonly messages: [text: string, split: boolean][]
}

function split(bytes: Buffer, size: number, shouldYield: () => boolean = () => false): Split {
  const result: Split = { starts: [], rows: [], messages: [] }
  const framer = new Framer({
    message: (text, isSplit) => result.messages.push([text, isSplit]),
    bulk: start => {
      result.starts.push({ place: start.place, monitor: start.monitor })
      return (table, id, kind, slab, from, to) =>
        result.rows.push([table, id, kind, from === to ? null : parseRow(slab, from, to)])
    },
  })
  for (let at = 0; at < bytes.length; at += size) framer.add(Buffer.from(bytes.subarray(at, at + size)))
  while (framer.queued > 0) framer.run(shouldYield)
  return result
}

function splitMessage(message: object, size = 65_536, space?: number): Split {
  return split(Buffer.from(JSON.stringify(message, undefined, space)), size)
}

describe('big table updates', () => {
  test('the reply of monitor_cond_since goes out by rows, the rest as a message', () => {
    const { starts, rows, messages } = splitMessage({ id: 3, error: null, result: [false, uuid(0), { T: many }] })
    expect(starts).toEqual([{ place: 'snapshot', monitor: undefined }])
    expect(rows).toEqual(Object.entries(many).map(([id, { initial }]) => ['T', id, 'initial', initial]))
    expect(messages).toEqual([[`{"id":3,"error":null,"result":[false,"${uuid(0)}",null]}`, true]])
  })

  test('a resumed reply is told from a complete one', () => {
    const result = [true, uuid(7), { T: { [uuid(1)]: { delete: null }, [uuid(2)]: { modify: {} } }, U: many }]
    const { starts, rows } = splitMessage({ error: null, result, id: 1 })
    expect(starts).toEqual([{ place: 'resume', monitor: undefined }])
    expect(rows.slice(0, 2)).toEqual([
      ['T', uuid(1), 'delete', null],
      ['T', uuid(2), 'modify', {}],
    ])
    expect(rows.at(-1)?.[0]).toBe('U')
  })

  test('the reply of monitor_cond is a snapshot', () => {
    expect(splitMessage({ result: { T: many }, error: null, id: 1 }).starts).toEqual([
      { place: 'snapshot', monitor: undefined },
    ])
  })

  test('notifications name their monitor', () => {
    const params = [['monid', 'db'], uuid(5), { T: many }]
    const { starts, messages } = splitMessage({ id: null, method: 'update3', params })
    expect(starts).toEqual([{ place: 'update', monitor: ['monid', 'db'] }])
    expect(messages).toEqual([[`{"id":null,"method":"update3","params":[["monid","db"],"${uuid(5)}",null]}`, true]])
  })

  test('updates of RFC 7047 are translated: new, old and new, old', () => {
    const rows = {
      [uuid(1)]: { new: { a: 1 } },
      [uuid(2)]: { old: { a: 1 }, new: { a: 2 } },
      [uuid(3)]: { new: { a: 3 }, old: { a: 1 } },
      [uuid(4)]: { old: { a: 4 } },
    }
    const expected = (initial: string) => [
      ['T', uuid(1), initial, { a: 1 }],
      ['T', uuid(2), 'replace', { a: 2 }],
      ['T', uuid(3), 'replace', { a: 3 }],
      ['T', uuid(4), 'delete', null],
    ]
    const result = splitMessage({ id: 1, error: null, result: { T: rows, U: many } })
    expect(result.rows.slice(0, 4)).toEqual(expected('initial'))
    const update = splitMessage({ method: 'update', id: null, params: ['m', { T: rows, U: many }] })
    expect(update.rows.slice(0, 4)).toEqual(expected('insert'))
  })

  test('white space between all tokens changes nothing', () => {
    const message = { id: 3, error: null, result: [false, uuid(0), { T: many, U: { [uuid(1)]: { delete: null } } }] }
    expect(splitMessage(message, 1000, 2).rows).toEqual(splitMessage(message).rows)
  })

  test('a chunk may end at any byte', () => {
    const messages = [
      { id: 3, error: null, result: [false, uuid(0), { T: many, U: { [uuid(1)]: { delete: null } } }] },
      { id: null, method: 'update2', params: ['m', { T: { [uuid(1)]: { modify: { a: 'ż' } } } }] },
    ]
    const bytes = Buffer.from(messages.map(message => JSON.stringify(message)).join(''))
    const whole = split(bytes, bytes.length)
    for (const size of [1, 2, 3, 7, 36, 64, 419, WHOLE - 1, WHOLE, WHOLE + 1])
      expect(split(bytes, size), `chunks of ${size}`).toEqual(whole)
  })

  test('can stop after some rows and go on', () => {
    const bytes = Buffer.from(JSON.stringify({ id: 3, error: null, result: { T: many } }))
    let pauses = 0
    const stepwise = split(bytes, 5000, () => {
      pauses++
      return true
    })
    expect(pauses).toBeGreaterThan(20)
    expect(stepwise).toEqual(split(bytes, bytes.length))
  })

  test('rows of bytes: a row that no cut went through is not copied', () => {
    const bytes = Buffer.from(JSON.stringify({ id: 3, error: null, result: { T: many } }))
    const slabs = new Set<unknown>()
    const framer = new Framer({ message: () => undefined, bulk: () => (_t, _u, _k, slab) => slabs.add(slab.buffer) })
    framer.add(bytes)
    framer.run(() => false)
    expect(slabs.size).toBeLessThanOrEqual(3)
  })

  test('a table update that makes no sense is an error, not a wrong row', () => {
    const broken = JSON.stringify({ id: 3, error: null, result: { T: many } }).replace(
      new RegExp(`"${uuid(500)}":\\{"initial"`),
      `"${uuid(500)}":{"surprise"`,
    )
    expect(() => split(Buffer.from(broken), 65_536)).toThrow(ProtocolError)
  })

  test('what looks like a table update within a string is none', () => {
    const fake = JSON.stringify({ T: { [uuid(1)]: { initial: {} } } })
    const message = { id: 1, error: null, result: [{ rows: [{ a: fake, b: 'x'.repeat(WHOLE) }] }] }
    const { starts, messages } = splitMessage(message)
    expect(starts).toEqual([])
    expect(messages).toEqual([[JSON.stringify(message), false]])
  })
})
