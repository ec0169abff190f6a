import { expect, it } from 'vitest'
import { Comeback } from './comeback.ts'

const hour = 3_600_000

it('ends the waits of all when one reaches the server, and not those that begin later', async () => {
  const comeback = new Comeback()
  const stop = new AbortController()
  const waits = [comeback.wait(hour, stop.signal), comeback.wait(hour, stop.signal)]
  comeback.reached()
  await Promise.all(waits)
  let ended = false
  const later = comeback.wait(hour, stop.signal).then(() => {
    ended = true
  })
  await Promise.resolve()
  expect(ended).toBe(false)
  stop.abort()
  await later
})
