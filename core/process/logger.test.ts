import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLogger } from './index.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'logger-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const lines = (file: string) => readFileSync(file, 'utf8').trim().split('\n')

describe('createLogger', () => {
  it('writes JSON with level names, ISO times and causes', () => {
    const file = join(folder, 'made', 'json.log')
    const logger = createLogger({ name: 'agent', file })
    logger.child({ pod: 'a/b' }).warn({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed')
    const line = JSON.parse(lines(file)[0] ?? '')
    expect(line).toMatchObject({ level: 'warn', name: 'agent', pod: 'a/b', msg: 'failed' })
    expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
    expect(JSON.stringify(line.err)).toContain('inner')
  })

  it('writes text for eyes', () => {
    const file = join(folder, 'text.log')
    const logger = createLogger({ name: 'agent', file, format: 'text' })
    logger.info({ pod: 'a/b', text: 'two words', count: 3 }, 'attached')
    logger.error({ err: new Error('broken') }, 'failed')
    expect(lines(file)[0]).toMatch(/^\S+Z INFO {2}agent: attached pod=a\/b text="two words" count=3$/)
    expect(lines(file).slice(1).join('\n')).toMatch(/ERROR agent: failed\n {4}Error: broken\n {8}at /)
  })

  it('changes the level of every logger at once, children made before included', () => {
    const file = join(folder, 'level.log')
    const logger = createLogger({ name: 'agent', file })
    const child = logger.child({ a: 1 }).child({ b: 2 })
    child.debug('hidden')
    logger.level = 'debug'
    child.debug('shown')
    child.level = 'error'
    logger.warn('hidden')
    expect(lines(file).map(line => JSON.parse(line).msg)).toEqual(['shown'])
    expect(() => {
      logger.level = 'loud'
    }).toThrow(/expected a log level of trace, debug/)
    expect(logger.level).toBe('error')
  })
})
