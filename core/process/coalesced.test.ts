import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { coalesced } from './coalesced.ts'

test('runs at once, then once more for all that was asked meanwhile', async () => {
  const runs: PromiseWithResolvers<void>[] = []
  const ask = coalesced(
    () => {
      const run = Promise.withResolvers<void>()
      runs.push(run)
      return run.promise
    },
    () => {},
  )
  ask()
  ask()
  ask()
  expect(runs).toHaveLength(1)
  runs[0]?.resolve()
  await expect.poll(() => runs.length).toBe(2)
  runs[1]?.resolve()
  await setImmediate()
  ask()
  expect(runs).toHaveLength(3)
})

test('a run that fails is told, and the next one is done', async () => {
  const failures: unknown[] = []
  let runs = 0
  const ask = coalesced(
    () => {
      runs++
      return runs === 1 ? Promise.reject(new Error('lost')) : Promise.resolve()
    },
    error => failures.push(error),
  )
  ask()
  ask()
  await expect.poll(() => runs).toBe(2)
  expect(failures).toEqual([new Error('lost')])
})
