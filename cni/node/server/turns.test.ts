import { describe, expect, it } from 'vitest'
import { Turns } from './turns.ts'

const never = new AbortController().signal
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))

describe('Turns', () => {
  it('runs work on one key in order, on others side by side', async () => {
    const turns = new Turns()
    const order: string[] = []
    const gate = Promise.withResolvers<void>()
    const first = turns.run('a', never, async () => {
      await gate.promise
      order.push('a1')
    })
    const second = turns.run('a', never, async () => {
      order.push('a2')
    })
    await turns.run('b', never, async () => {
      order.push('b')
    })
    expect([...turns.keys()]).toEqual(['a'])
    gate.resolve()
    await Promise.all([first, second])
    expect(order).toEqual(['b', 'a1', 'a2'])
    expect([...turns.keys()]).toEqual([])
  })

  it('goes on after work that failed', async () => {
    const turns = new Turns()
    const failed = turns.run('a', never, () => Promise.reject(new Error('no')))
    const next = turns.run('a', never, async () => 'done')
    await expect(failed).rejects.toThrow('no')
    expect(await next).toBe('done')
  })

  it('gives up what is under way when it is taken over, and what its caller gives up', async () => {
    const turns = new Turns()
    const waiting = turns.run('a', never, untilAborted)
    await Promise.resolve()
    const taken = turns.takeOver('a', never, async () => 'mine')
    await expect(waiting).rejects.toThrow('aborted')
    expect(await taken).toBe('mine')
    const caller = new AbortController()
    const given = turns.run('b', caller.signal, untilAborted)
    await Promise.resolve()
    caller.abort()
    await expect(given).rejects.toThrow('aborted')
  })
})
