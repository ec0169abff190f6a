import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseSchema } from '../parse.ts'
import { emitDatabase } from './emit.ts'
import { firstSentence, readManual } from './manual.ts'
import { mergeSource } from './source.ts'
import { collect, formatSource, readSource, type Target, targets } from './targets.ts'

const named = targets.map(target => [target.manual, target] as const)

describe('generated tables', () => {
  it.each(named)('are up to date with their source: %s', (_, target) => {
    const source = readSource(target)
    expect(source && emitDatabase(source, target)).toBe(readFileSync(`${target.output}.ts`, 'utf8'))
  })

  it.each(named)('know every column of the installed schema: %s', (_, target) => {
    const source = readSource(target)
    if (!source || !isMerged(target)) return
    expect(formatSource(collect(target, '/', source) ?? source)).toBe(formatSource(source))
    const installed = parseSchema(JSON.parse(readFileSync(`/${target.schema}`, 'utf8')))
    for (const [table, { columns }] of Object.entries(installed.tables)) {
      expect(Object.keys(source.schema.tables[table]?.columns ?? {})).toEqual(
        expect.arrayContaining(Object.keys(columns)),
      )
    }
  })
})

/** Whether the schema of the distribution's package is there and is one of the versions that were merged. */
function isMerged(target: Target): boolean {
  if (!existsSync(`/${target.schema}`)) return false
  const { version } = parseSchema(JSON.parse(readFileSync(`/${target.schema}`, 'utf8')))
  return readSource(target)?.versions.includes(version) ?? false
}

describe('mergeSource', () => {
  const schema = (version: string, columns: object) => parseSchema({ name: 'D', version, tables: { T: { columns } } })
  const old = mergeSource(undefined, schema('1.0.0', { a: { type: 'string' }, gone: { type: 'string' } }), {})

  it('marks what a newer version brought and keeps what it dropped', () => {
    const { columns } =
      mergeSource(old, schema('1.1.0', { a: { type: 'string' }, b: { type: 'string' } }), {}).schema.tables.T ?? {}
    expect(columns?.b?.since).toBe('1.1.0')
    expect(columns?.a?.since).toBeUndefined()
    expect(columns?.gone).toBeDefined()
  })

  it('joins the values of enums', () => {
    const type = (...values: string[]) => ({ a: { type: { key: { type: 'string', enum: ['set', values] } } } })
    const first = mergeSource(undefined, schema('1.0.0', type('x', 'y')), {})
    const { columns } = mergeSource(first, schema('1.1.0', type('y', 'z')), {}).schema.tables.T ?? {}
    expect(columns?.a?.key.enum).toEqual(['x', 'y', 'z'])
  })

  it('refuses to go back', () => {
    expect(() => mergeSource(old, schema('0.9.0', {}), {})).toThrow('must be merged before')
  })
})

describe('readManual', () => {
  it('takes first sentences of tables and columns, and the keys of maps', () => {
    const page = [
      '.SH "Port TABLE"',
      '.PP',
      'A port\\[char46] More\\[char46]',
      '.IP "\\fBname\\fR: string"',
      'See \\fBother\\fR, e.g. 1.5 or \\-1\\[char46] Rest',
      '.IP "\\fBoptions : key\\fR: optional string"',
      'A key\\[char46]',
    ].join('\n')
    expect(readManual(page)).toEqual({
      Port: { doc: 'A port.', columns: { name: 'See `other`, e.g. 1.5 or -1.' }, keys: { options: ['key'] } },
    })
  })

  it('does not end a sentence at an abbreviation', () => {
    expect(firstSentence('Used by e.g. Open vSwitch. More.')).toBe('Used by e.g. Open vSwitch.')
  })
})
