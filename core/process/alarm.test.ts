import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Alarm } from './alarm.ts'

const day = 86_400_000

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

it('rings once, at the earliest of its times, and can be set anew', () => {
  const ring = vi.fn()
  using alarm = new Alarm(ring)
  for (const time of [2000, 1000, 3000, Number.POSITIVE_INFINITY]) alarm.at(time)
  vi.advanceTimersByTime(999)
  expect(ring).toHaveBeenCalledTimes(0)
  vi.advanceTimersByTime(5000)
  expect(ring).toHaveBeenCalledTimes(1)
  alarm.at(7000)
  vi.advanceTimersByTime(2000)
  expect(ring).toHaveBeenCalledTimes(2)
})

it('does not ring at once for a time that is months away', () => {
  const ring = vi.fn()
  using alarm = new Alarm(ring)
  alarm.at(100 * day)
  vi.advanceTimersByTime(20 * day)
  expect(ring).toHaveBeenCalledTimes(0)
})

it('is silent when it is disposed', () => {
  const ring = vi.fn()
  const alarm = new Alarm(ring)
  alarm.at(1000)
  alarm[Symbol.dispose]()
  vi.advanceTimersByTime(2000)
  expect(ring).toHaveBeenCalledTimes(0)
})
