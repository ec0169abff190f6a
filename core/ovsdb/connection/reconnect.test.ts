import { describe, expect, test } from 'vitest'
import { Reconnect, type ReconnectOptions } from './reconnect.ts'

const OPTIONS = { minBackoff: 1000, maxBackoff: 8000, probeInterval: 5000 }

/** A state machine with a clock that only the test moves. */
class Trace {
  now = 0
  readonly fsm: Reconnect

  constructor(freeTries = 0, options: ReconnectOptions = OPTIONS) {
    this.fsm = new Reconnect(options)
    this.fsm.start(0, freeTries)
  }

  /** Goes to the next deadline; returns what is due there and when. */
  next(): string {
    const deadline = this.fsm.deadline()
    if (deadline === Number.POSITIVE_INFINITY) return 'never'
    this.now = Math.max(this.now, deadline)
    return `${this.fsm.run(this.now) ?? 'nothing'} at ${this.now}`
  }

  /** A dial that fails after some time. */
  fail(after = 0): void {
    this.fsm.connecting(this.now)
    this.now += after
    this.fsm.disconnected(this.now)
  }

  connect(after = 0): void {
    this.fsm.connecting(this.now)
    this.now += after
    this.fsm.connected(this.now)
  }

  active(at: number): void {
    this.now = at
    this.fsm.activity(at)
  }

  lose(at = this.now): void {
    this.now = at
    this.fsm.disconnected(at)
  }
}

describe('dialling', () => {
  test('begins at once; failures double the delay from 1 s to 8 s', () => {
    const trace = new Trace()
    const starts = Array.from({ length: 7 }, () => {
      const due = trace.next()
      trace.fail()
      return due
    })
    expect(starts).toEqual([0, 1, 3, 7, 15, 23, 31].map(second => `connect at ${second * 1000}`))
  })

  test('with chance half of the delay up to the whole is waited, and the delay itself doubles as without', () => {
    const random = [0, 0.5, 0.999, 0].values()
    const trace = new Trace(0, { ...OPTIONS, random: () => random.next().value ?? 0 })
    const waits = [0, 0.5, 0.999].map(() => {
      trace.next()
      trace.fail()
      return Math.round(trace.fsm.deadline() - trace.now)
    })
    expect(waits).toEqual([750, 1001, 4000])
    expect(trace.fsm.backoff).toBe(4000)
  })

  test('the first attempts, one per remote, follow one another without delay', () => {
    const trace = new Trace(3)
    const starts = Array.from({ length: 5 }, () => {
      const due = trace.next()
      trace.fail()
      return due
    })
    expect(starts).toEqual([0, 0, 0, 1000, 3000].map(time => `connect at ${time}`))
  })

  test('an attempt may take as long as the delay before it, at least 1 s', () => {
    const trace = new Trace()
    trace.next()
    trace.fsm.connecting(trace.now)
    expect(trace.next()).toBe('disconnect at 1000')
    trace.lose()
    expect(trace.next()).toBe('connect at 2000')
    trace.fail()
    expect(trace.next()).toBe('connect at 4000')
    trace.fsm.connecting(trace.now)
    expect(trace.next()).toBe('disconnect at 6000')
  })

  test('stopped, it never wants anything', () => {
    const trace = new Trace()
    trace.fsm.stop()
    expect(trace.next()).toBe('never')
    trace.fsm.disconnected(5)
    expect(trace.next()).toBe('never')
  })

  test('a delay can be skipped', () => {
    const trace = new Trace()
    trace.next()
    trace.fail()
    trace.next()
    trace.fail()
    trace.fsm.skipBackoff(trace.now + 10)
    trace.now += 10
    expect(trace.next()).toBe(`connect at ${trace.now}`)
  })
})

describe('the delay after a connection', () => {
  test('starts anew if the connection was active for at least the delay', () => {
    const trace = new Trace()
    trace.next()
    trace.fail()
    trace.next()
    trace.fail()
    expect(trace.next()).toBe('connect at 3000')
    trace.connect()
    trace.active(5000)
    trace.lose(5000)
    expect(trace.next()).toBe('connect at 6000')
  })

  test('goes on growing if the server accepts and drops at once', () => {
    const trace = new Trace()
    const starts = Array.from({ length: 5 }, () => {
      const due = trace.next()
      trace.connect()
      trace.lose(trace.now + 1)
      return due
    })
    // The very first connection had no delay to live up to.
    expect(starts).toEqual([
      'connect at 0',
      'connect at 1001',
      'connect at 3002',
      'connect at 7003',
      'connect at 15004',
    ])
  })

  test('free tries granted when a connection is given up on purpose skip it', () => {
    const trace = new Trace()
    trace.next()
    trace.connect()
    trace.active(60_000)
    trace.fsm.grantFreeTries(3)
    trace.lose(60_000)
    expect(trace.next()).toBe('connect at 60000')
    trace.fail()
    expect(trace.next()).toBe('connect at 60000')
    trace.fail()
    expect(trace.next()).toBe('connect at 61000')
  })
})

describe('probing', () => {
  test('one interval of silence brings a probe, another one the end', () => {
    const trace = new Trace()
    trace.next()
    trace.connect()
    expect(trace.next()).toBe('probe at 5000')
    expect(trace.fsm.phase).toBe('probing')
    expect(trace.next()).toBe('disconnect at 10000')
  })

  test('any byte counts, also while a probe is out', () => {
    const trace = new Trace()
    trace.next()
    trace.connect()
    trace.active(4000)
    expect(trace.next()).toBe('probe at 9000')
    trace.active(12_000)
    expect(trace.fsm.phase).toBe('active')
    expect(trace.next()).toBe('probe at 17000')
  })

  test('bytes that keep trickling in keep the connection, however long', () => {
    const trace = new Trace()
    trace.next()
    trace.connect()
    for (let at = 0; at < 600_000; at += 4000) {
      trace.active(at)
      expect(trace.fsm.run(at)).toBe(undefined)
    }
    expect(trace.fsm.phase).toBe('active')
  })

  test('is off with interval 0', () => {
    const trace = new Trace(0, { ...OPTIONS, probeInterval: 0 })
    trace.next()
    trace.connect()
    expect(trace.next()).toBe('never')
  })

  test('is suspended while a slow reply is awaited; silence has a longer limit then', () => {
    const trace = new Trace()
    trace.next()
    trace.connect()
    trace.fsm.expectSilence(1000, 180_000)
    expect(trace.fsm.deadline()).toBe(181_000)
    trace.active(100_000)
    expect(trace.next()).toBe('disconnect at 280000')
  })

  test('goes on after the slow reply', () => {
    const trace = new Trace()
    trace.next()
    trace.connect()
    trace.fsm.expectSilence(1000, 180_000)
    trace.now = 60_000
    trace.fsm.expectSilence(60_000, undefined)
    expect(trace.next()).toBe('probe at 65000')
  })

  test('a new connection is not patient because the last one was', () => {
    const trace = new Trace()
    trace.next()
    trace.connect()
    trace.fsm.expectSilence(0, 180_000)
    trace.lose(1)
    trace.next()
    trace.connect()
    expect(trace.next()).toBe(`probe at ${trace.now}`)
    expect(trace.now).toBe(6001)
  })
})
