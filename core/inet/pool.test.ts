import { describe, expect, it } from 'vitest'
import { AddressPool, hostAddress, parseCidr, parseIp, parseRange } from './index.ts'

describe('AddressPool', () => {
  it('fills a /16 without a hole', () => {
    const pool = new AddressPool(parseCidr('10.244.0.0/16'), { reserved: [parseIp('10.244.0.1')] })
    expect(pool.available).toBe(65_533n)
    const given = new Set(Array.from({ length: 65_533 }, () => pool.allocateNext()))
    expect(given.size).toBe(65_533)
    expect(given.has(undefined)).toBe(false)
    expect(pool.allocateNext()).toBeUndefined()
  })

  it('takes both ends of a /64 and goes on in between', () => {
    const cidr = parseCidr('fd00::/64')
    const pool = new AddressPool(cidr)
    expect(pool.allocate(hostAddress(cidr, -1))).toBe('ok')
    expect(pool.allocate(hostAddress(cidr, 0))).toBe('outside')
    expect(pool.allocateNext()).toBe('fd00::1')
    expect(pool.available).toBe((1n << 64n) - 3n)
  })

  it('skips excluded ranges of any size at once', () => {
    const pool = new AddressPool(parseCidr('fd00::/64'), { exclude: [parseRange('fd00::-fd00::ffff:ffff:ffff')] })
    expect(pool.allocateNext()).toBe('fd00::1:0:0:0')
  })

  it('prefers a block and lends from others when it is full', () => {
    const pool = new AddressPool(parseCidr('10.0.0.0/16'))
    const block = parseRange('10.0.5.0-10.0.5.1')
    expect([1, 2, 3].map(() => pool.allocateNext(block))).toEqual(['10.0.5.0', '10.0.5.1', '10.0.0.1'])
  })

  it('keeps an address that is excluded while in use, and does not give it again', () => {
    const pool = new AddressPool(parseCidr('10.0.0.0/29'))
    const ip = parseIp('10.0.0.1')
    expect(pool.allocateNext()).toBe(ip)
    pool.setExcluded([parseRange('10.0.0.1-10.0.0.2')])
    expect(pool.has(ip)).toBe(true)
    expect(pool.available).toBe(4n)
    expect(pool.release(ip)).toBe(true)
    expect(pool.available).toBe(4n)
    expect(pool.allocate(ip)).toBe('excluded')
    expect(pool.adopt(ip)).toBe('ok')
    pool.setExcluded([])
    expect(pool.available).toBe(5n)
    expect(pool.allocateNext()).toBe('10.0.0.2')
  })

  it('forgets the order of the oldest releases rather than growing for ever', () => {
    const pool = new AddressPool(parseCidr('fd00::/108'))
    for (let i = 0; i < 140_000; i++) {
      const ip = pool.allocateNext()
      if (ip !== undefined) pool.release(ip)
    }
    expect(pool.used).toBe(0)
    expect(pool.available).toBe((1n << 20n) - 1n)
    expect(pool.allocateNext()).toBe('fd00::2:22e1')
  })
})
