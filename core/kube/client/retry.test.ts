import { expect, test } from 'vitest'
import { Backoff } from './backoff.ts'
import { parseRetryAfter } from './retry.ts'

test('delays grow, stay within half and whole of the ceiling, and start again after a reset', () => {
  const low = new Backoff({ minMs: 100, maxMs: 1000, random: () => 0 })
  expect(Array.from({ length: 6 }, () => low.next())).toEqual([50, 100, 200, 400, 500, 500])
  const high = new Backoff({ minMs: 100, maxMs: 1000, random: () => 0.999 })
  expect(Math.max(...Array.from({ length: 60 }, () => high.next()))).toBeLessThanOrEqual(1000)
  low.reset()
  expect(low.next()).toBe(50)
})

test('Retry-After in seconds and as a date', () => {
  expect(parseRetryAfter('3')).toBe(3000)
  expect(parseRetryAfter('Sat, 21 Nov 2026 10:00:05 GMT', Date.parse('2026-11-21T10:00:00Z'))).toBe(5000)
  expect(parseRetryAfter('Sat, 21 Nov 2026 09:00:00 GMT', Date.parse('2026-11-21T10:00:00Z'))).toBe(0)
  expect(parseRetryAfter('soon')).toBeUndefined()
  expect(parseRetryAfter(undefined)).toBeUndefined()
})
