import { describe, expect, it } from 'vitest'
import { parseSchema } from '../schema/parse.ts'
import { TableCodec } from './table-codec.ts'

const schema = parseSchema({
  name: 'T',
  version: '1.0.0',
  tables: {
    Row: {
      columns: {
        name: { type: 'string' },
        n: { type: 'integer' },
        ports: { type: { key: 'string', min: 0, max: 'unlimited' } },
        options: { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } },
        newer: { type: { key: 'string', min: 0, max: 'unlimited' } },
      },
    },
  },
})
const all = Object.entries(schema.tables.Row?.columns ?? {})
const pick = (...names: string[]) => new Map(all.filter(([name]) => names.includes(name)))
const codec = new TableCodec('Row', {
  held: pick('name', 'n', 'ports'),
  missing: pick('newer'),
  left: pick('options'),
  bigint: [],
})
const row = codec.decode('u', { name: 'a', ports: ['set', ['x', 'y']] })

describe('TableCodec', () => {
  it('fills defaults, so that every row has all columns', () => {
    expect(row.n).toBe(0)
    expect(Object.keys(row)).toEqual(['_uuid', 'name', 'n', 'ports'])
  })

  it('reads a column that the server lacks as its default', () => {
    expect([...(row.newer as Iterable<string>)]).toEqual([])
    expect(codec.has('newer')).toBe(false)
  })

  it('refuses to read a column that was not asked for', () => {
    expect(() => row.options).toThrow('Row.options is not held')
  })

  it('writes a column that was not asked for, but none that the server lacks', () => {
    expect(codec.column('options').encode({ a: 'b' })).toEqual(['map', [['a', 'b']]])
    expect(() => codec.column('newer')).toThrow('expected a column of table Row on this server')
  })

  it('makes a new row of a difference and leaves the old one', () => {
    const patch = codec.patch(row, { name: 'b', ports: 'x', unknown: 1 })
    expect(patch?.row.name).toBe('b')
    expect(JSON.stringify(patch?.row.ports)).toBe('["y"]')
    expect(JSON.stringify(row.ports)).toBe('["x","y"]')
    expect(patch?.old).toBe(row)
    expect([...(patch?.columns ?? [])]).toEqual(['name', 'ports'])
    expect(patch?.deltas.get('ports')).toEqual({ added: [], changed: [], removed: ['x'] })
  })

  it('takes the empty difference, which servers send, for no change', () => {
    expect(codec.patch(row, {})).toBeUndefined()
  })

  it('refuses column names that could be code', () => {
    const held = new Map([['a){}; process.exit(); (', { key: { type: 'string' }, min: 1, max: 1 } as const]])
    expect(() => new TableCodec('Row', { held, missing: new Map(), left: new Map(), bigint: [] })).toThrow(
      'column name',
    )
  })
})
