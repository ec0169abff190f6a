import { ipFromBigint, parseIp } from '@ovnkit/inet'
import { type Answer, encode } from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answeredName, readAnswer } from './answer.ts'
import { Memory, mostAddresses } from './memory.ts'
import { readPacket } from './packet.ts'
import { Streams } from './streams.ts'

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/)
const hostName = fc.array(label, { minLength: 2, maxLength: 5 }).map(labels => labels.join('.'))
const ip4 = fc.bigInt({ min: 0x0100_0000n, max: 0x7eff_ffffn }).map(number => ipFromBigint(number, 4))

const answers = (name: string, addresses: readonly string[]): Buffer =>
  encode({
    type: 'response',
    questions: [{ type: 'A', name }],
    answers: addresses.map((data): Answer => ({ type: 'A', name, data, ttl: 30 })),
  })

describe('DNS messages', () => {
  it('give the name and the addresses that were put into them', () => {
    fc.assert(
      fc.property(hostName, fc.uniqueArray(ip4, { minLength: 1, maxLength: 30 }), (name, addresses) => {
        const message = answers(name, addresses)
        expect(answeredName(message)).toBe(name)
        expect(readAnswer(message, name)).toEqual({ addresses, ttl: 30 })
      }),
    )
  })

  it('that are anything at all end in an answer or in none', () => {
    const damaged = fc
      .tuple(hostName, fc.array(fc.tuple(fc.nat(), fc.nat(255))), fc.nat())
      .map(([name, changes, cut]) => {
        const bytes = answers(name, ['192.0.2.1', '192.0.2.2'])
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        return bytes.subarray(0, bytes.length - (cut % bytes.length))
      })
    const noise = fc.uint8Array({ maxLength: 600 }).map(bytes => Buffer.from(bytes))
    fc.assert(
      fc.property(fc.oneof(damaged, noise), bytes => {
        const name = answeredName(bytes)
        const answer = readAnswer(bytes, name ?? 'a.b')
        expect(answer === undefined || answer.addresses.length > 0).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('frames', () => {
  it('that are anything at all are read, or not', () => {
    const header = fc.constantFrom(0x0800, 0x86dd)
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 120 }), (type, bytes) => {
        const frame = Buffer.concat([Buffer.alloc(14), bytes])
        frame.writeUInt16BE(type, 12)
        const packet = readPacket(frame)
        expect(packet === undefined || packet.payload.length <= bytes.length).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('messages over TCP', () => {
  const source = parseIp('10.96.0.10')
  const segment = (sequence: number, payload: Buffer, flags: { syn?: boolean; end?: boolean } = {}) => ({
    source,
    port: 40_000,
    payload,
    tcp: { sequence: sequence >>> 0, syn: false, end: false, ...flags },
  })

  it('are the same however they are cut, sent again and mixed up', () => {
    const message = fc.uint8Array({ minLength: 1, maxLength: 300 }).map(bytes => Buffer.from(bytes))
    const cuts = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 10 })
    const order = fc.array(fc.nat(), { maxLength: 30 })
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 4 }),
        cuts,
        order,
        fc.nat(0xffff_ffff),
        (all, sizes, mix, first) => {
          const text = Buffer.concat(
            all.map(one => Buffer.concat([Buffer.from([one.length >> 8, one.length & 255]), one])),
          )
          const parts: [number, Buffer][] = []
          for (let at = 0, i = 0; at < text.length; i++) {
            const size = sizes[i % sizes.length] ?? 1
            parts.push([at, text.subarray(at, at + size)])
            at += size
          }
          const streams = new Streams()
          streams.push(segment(first, Buffer.alloc(0), { syn: true }))
          const sent = [...parts]
          for (const [i, from] of mix.entries()) {
            const [moved] = sent.splice(from % sent.length, 1)
            if (moved !== undefined) sent.splice(i % (sent.length + 1), 0, moved, ...(from % 3 === 0 ? [moved] : []))
          }
          const heard = sent.flatMap(([at, bytes]) => streams.push(segment(first + 1 + at, bytes)))
          expect(heard).toEqual(all)
        },
      ),
    )
  })

  it('of a connection that began unseen are none', () => {
    expect(new Streams().push(segment(7, Buffer.from([0, 1, 65])))).toEqual([])
  })
})

describe('memory', () => {
  type Step = { readonly wait: number } | { readonly name: string; readonly last: number; readonly ttl: number }
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ wait: fc.integer({ min: 1, max: 2_000_000 }) }),
    fc.record({
      name: fc.constantFrom('a.example.com', '*.example.com'),
      last: fc.integer({ min: 1, max: 5 }),
      ttl: fc.integer({ min: 0, max: 1000 }),
    }),
  )

  it('keeps an address for its time and grace, forgets it some time later, and survives a restart', () => {
    const grace = 600_000
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), steps => {
        let now = 1_700_000_000_000
        const begin = () => new Memory({ grace, now: () => now, full: () => undefined })
        let memory = begin()
        const due = new Map<string, number>()
        for (const one of steps) {
          if ('wait' in one) {
            now += one.wait
            const names = [...memory.store.entries()].map(([name, learned]) => ({
              name,
              addresses: [...learned].map(([address, until]) => ({ address, until: new Date(until).toISOString() })),
            }))
            memory[Symbol.dispose]()
            memory = begin()
            memory.restore(names)
          } else {
            memory.learn(one.name, { addresses: [parseIp(`192.0.2.${one.last}`)], ttl: one.ttl })
            const key = `${one.name} 192.0.2.${one.last}`
            const least = now + Math.max(one.ttl, 60) * 1000 + grace
            due.set(key, Math.max(due.get(key) ?? 0, least))
          }
          for (const [key, time] of due) {
            const [name = '', address = ''] = key.split(' ')
            const known = memory.store.get(name)?.has(address) ?? false
            if (now < time) expect(known).toBe(true)
            if (now > time + grace) expect(known).toBe(false)
          }
        }
        memory[Symbol.dispose]()
      }),
    )
  })

  it('has an end, and tells so once', () => {
    const full: string[] = []
    using memory = new Memory({ grace: 0, now: () => 0, full: name => full.push(name) })
    const addresses = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => ipFromBigint(0x0a00_0000n + BigInt(from + i), 4))
    memory.learn('a.b', { addresses: addresses(0, mostAddresses.ofName + 5), ttl: 60 })
    memory.learn('a.b', { addresses: addresses(9000, 1), ttl: 60 })
    expect(memory.store.get('a.b')?.size).toBe(mostAddresses.ofName)
    for (let i = 0; i < 5; i++) memory.learn(`x${i}.b`, { addresses: addresses(i * 1000, 900), ttl: 60 })
    const total = [...memory.store.entries()].reduce((sum, [, learned]) => sum + learned.size, 0)
    expect(total).toBe(mostAddresses.ofNode)
    expect(full).toEqual(['a.b', 'x3.b', 'x4.b'])
  })

  it('takes no address that stands for the pod itself, its link or a group', () => {
    using memory = new Memory({ grace: 0, now: () => 0, full: () => undefined })
    const addresses = ['127.0.0.1', '169.254.169.254', '::1', 'fe80::1', 'ff02::1', '239.1.1.1', '10.0.0.1'].map(
      parseIp,
    )
    memory.learn('a.b', { addresses, ttl: 60 })
    expect([...(memory.store.get('a.b')?.keys() ?? [])]).toEqual(['10.0.0.1'])
  })
})
