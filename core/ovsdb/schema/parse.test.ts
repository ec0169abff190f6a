import { describe, expect, it } from 'vitest'
import { parseSchema, SchemaError } from './parse.ts'

const table = (columns: object, more: object = {}) => ({
  name: 'D',
  version: '1.2.3',
  tables: { T: { columns, ...more } },
})

describe('parseSchema', () => {
  it('reads the short and the long form of a type', () => {
    const { columns } =
      parseSchema(table({ a: { type: 'string' }, b: { type: { key: { type: 'string' } } } })).tables.T ?? {}
    expect(columns?.a).toEqual(columns?.b)
  })

  it('takes references for strong unless they say weak', () => {
    const ref = (more: object) => ({ type: { key: { type: 'uuid', refTable: 'T', ...more }, min: 0 } })
    const { columns } = parseSchema(table({ a: ref({}), b: ref({ refType: 'weak' }) })).tables.T ?? {}
    expect([columns?.a?.key.refType, columns?.b?.key.refType]).toEqual(['strong', 'weak'])
  })

  it('makes all tables roots if none says so', () => {
    expect(parseSchema(table({})).tables.T?.isRoot).toBe(true)
    const tables = { A: { columns: {}, isRoot: true }, B: { columns: {} } }
    expect(parseSchema({ name: 'D', version: '1.0.0', tables }).tables.B?.isRoot).toBe(false)
  })

  it('names the place of what it cannot read', () => {
    expect(() => parseSchema(table({ a: { type: 'text' } }))).toThrow(
      'schema: T.a.type: expected an object, got "text"',
    )
    expect(() => parseSchema(table({ a: { type: { key: 'string', min: 2 } } }))).toThrow(SchemaError)
    expect(() => parseSchema([])).toThrow('schema: document: expected an object')
  })
})
