import { describe, expect, it } from 'vitest'
import { parseFlags } from './index.ts'

const program = {
  name: 'agent',
  version: '1.2.3',
  summary: 'looks after a node.',
  flags: {
    config: { type: 'string', help: 'Configuration file.' },
    address: { type: 'string', help: 'Where to listen.', default: ':8082' },
    once: { type: 'boolean', help: 'End after one pass.' },
  },
} as const

describe('parseFlags', () => {
  it('reads both spellings, and fills in defaults', () => {
    expect(parseFlags(program, ['--config', '/a', '--address=:1'])).toEqual({
      kind: 'run',
      values: { config: '/a', address: ':1', once: false },
    })
    expect(parseFlags(program, ['--once'])).toMatchObject({
      values: { config: undefined, address: ':8082', once: true },
    })
  })

  it('prints usage and version', () => {
    const help = parseFlags(program, ['--help'])
    expect(help).toMatchObject({ kind: 'print', status: 0 })
    expect(help).toHaveProperty(
      'text',
      expect.stringMatching(/Usage: agent.*--address VALUE +Where to listen. \(default :8082\)/s),
    )
    expect(parseFlags(program, ['--version'])).toEqual({ kind: 'print', status: 0, text: 'agent 1.2.3' })
  })

  it.each([['--konfig'], ['--config'], ['stray'], ['--once=maybe']])('answers %j with one line and status 2', flag => {
    const answer = parseFlags(program, [flag])
    expect(answer).toMatchObject({ kind: 'print', status: 2 })
    expect(answer).toHaveProperty('text', expect.stringMatching(/^agent: [^\n]+; --help lists the options$/))
  })
})
