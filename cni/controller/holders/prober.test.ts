import { createServer } from 'node:net'
import { parseIp } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import { ask } from './ask.ts'
import { Prober } from './prober.ts'
import { answersOfLife, missesOfDeath, Pulse } from './pulse.ts'

const [first, second] = [parseIp('192.0.2.1'), parseIp('192.0.2.2')]

/** A prober whose time and nodes the test plays. */
function play() {
  const silent = new Set<string>()
  let asked = 0
  let tick: () => void = () => undefined
  let pace = 0
  const prober = new Prober({
    port: 1,
    ask: async address => {
      asked++
      return !silent.has(address)
    },
    every(run, milliseconds) {
      tick = run
      pace = milliseconds
      return {
        [Symbol.dispose]: () => {
          tick = () => undefined
        },
      }
    },
  })
  const ticks = async (count: number) => {
    for (let i = 0; i < count; i++) {
      tick()
      await new Promise(setImmediate)
    }
  }
  return { prober, silent, ticks, asked: () => asked, pace: () => pace }
}

describe('signs of life', () => {
  it('are missed after as many silences, and believed again after many answers', () => {
    const pulse = new Pulse()
    expect(pulse.life).toBe('unknown')
    expect(pulse.answered()).toBe('answers')
    for (let i = 1; i < missesOfDeath; i++) expect(pulse.missed()).toBe('answers')
    expect(pulse.missed()).toBe('silent')
    for (let i = 1; i < answersOfLife; i++) expect(pulse.answered()).toBe('silent')
    expect(pulse.answered()).toBe('answers')
  })

  it('one answer makes up for silences before', () => {
    const pulse = new Pulse()
    for (let i = 0; i < 10; i++) {
      pulse.missed()
      pulse.missed()
      expect(pulse.answered()).toBe('answers')
    }
  })

  it('are asked of whom is watched, and of nobody else', async () => {
    const { prober, silent, ticks, asked } = play()
    await ticks(3)
    expect(asked()).toBe(0)
    prober.watch(new Map([['n1', first]]))
    await ticks(2)
    expect(prober.lives.get('n1')).toBe('answers')
    silent.add(first)
    await ticks(missesOfDeath)
    expect(prober.lives.get('n1')).toBe('silent')
    // Another address of the same node is another thing.
    prober.watch(new Map([['n1', second]]))
    expect(prober.lives.get('n1')).toBeUndefined()
    await ticks(1)
    expect(prober.lives.get('n1')).toBe('answers')
    prober.watch(new Map())
    const before = asked()
    await ticks(3)
    expect(asked()).toBe(before)
  })

  it('are asked less often of many', () => {
    const { prober, pace } = play()
    prober.watch(new Map([['n1', first]]))
    expect(pace()).toBe(250)
    prober.watch(new Map(Array.from({ length: 200 }, (_, i) => [`n${i}`, first])))
    expect(pace()).toBe(1000)
  })

  it('come from a kernel whether a program listens or not', async () => {
    const server = createServer(socket => socket.on('error', () => undefined)).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    expect(await ask('127.0.0.1', port, 5000)).toBe(true)
    await new Promise(resolve => server.close(resolve))
    expect(await ask('127.0.0.1', port, 5000)).toBe(true)
  })
})
