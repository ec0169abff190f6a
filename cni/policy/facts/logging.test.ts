import { expect, it } from 'vitest'
import { parseLogging } from './logging.ts'

it.each([
  ['{"allow": "info", "deny": "alert"}', { allow: 'info', deny: 'alert' }],
  ['{"allow": "", "pass": "debug"}', { pass: 'debug' }],
  ['{}', {}],
])('reads %s', (text, logging) => {
  expect(parseLogging(text)).toEqual({ logging, problems: [] })
})

it.each(['', 'info', '[]', 'null', '{"allow": "loud"}', '{"drop": "info"}', '{"allow": 1}'])(
  'names what is wrong with %s',
  text => {
    expect(parseLogging(text)).toEqual({ logging: {}, problems: [expect.stringContaining('expected')] })
  },
)
