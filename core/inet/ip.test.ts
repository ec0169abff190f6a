import { describe, expect, it } from 'vitest'
import {
  cidrContains,
  cidrsOverlap,
  hostAddress,
  InetError,
  parseCidr,
  parseIp,
  tryParseIp,
  usableHostCount,
} from './index.ts'

describe('parseIp', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['FD00:0:0:0:0:0:0:1', 'fd00::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['::ffff:10.1.2.3', '::ffff:10.1.2.3'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1::', '1::'],
  ])('reads %s as %s (RFC 5952)', (text, canonical) => {
    expect(parseIp(text)).toBe(canonical)
  })

  it.each(['', '10.0.0', '10.0.0.256', '010.0.0.1', '1.2.3.4.5', ':::', '1::2::3', 'fe80::1%eth0', ' 10.0.0.1', 'g::'])(
    'refuses %j',
    text => {
      expect(tryParseIp(text)).toBeUndefined()
      expect(() => parseIp(text)).toThrow(InetError)
    },
  )
})

describe('parseCidr', () => {
  it('is canonical', () => {
    expect(parseCidr('FD00:0::/64')).toMatchObject({
      text: 'fd00::/64',
      family: 6,
      network: 'fd00::',
      prefixLength: 64,
    })
    expect(parseCidr('10.1.2.3/16', { hostBits: 'mask' }).text).toBe('10.1.0.0/16')
    expect(parseCidr('0.0.0.0/0')).toMatchObject({ first: 0n, last: 0xffffffffn })
  })

  it.each([
    ['10.0.0.1/16', 'host-bits'],
    ['10.0.0.0/33', 'prefix'],
    ['10.0.0.0/', 'syntax'],
    ['10.0.0.0/08', 'syntax'],
    ['10.0.0.0', 'syntax'],
    ['/8', 'syntax'],
    ['fd00::/129', 'prefix'],
  ])('refuses %s (%s)', (text, code) => {
    expect(() => parseCidr(text)).toThrow(expect.objectContaining({ code }))
  })

  it('knows what hosts may use', () => {
    expect(usableHostCount(parseCidr('10.0.0.0/24'))).toBe(254n)
    expect(usableHostCount(parseCidr('10.0.0.0/31'))).toBe(2n)
    expect(usableHostCount(parseCidr('10.0.0.1/32'))).toBe(1n)
    expect(usableHostCount(parseCidr('fd00::/64'))).toBe((1n << 64n) - 1n)
    expect(usableHostCount(parseCidr('fd00::/127'))).toBe(2n)
  })

  it('contains and overlaps', () => {
    const wide = parseCidr('10.0.0.0/8')
    expect(cidrContains(wide, parseIp('10.255.0.1'))).toBe(true)
    expect(cidrContains(wide, parseIp('11.0.0.1'))).toBe(false)
    expect(cidrContains(wide, parseIp('::a00:1'))).toBe(false)
    expect(cidrContains(wide, parseCidr('10.1.0.0/16'))).toBe(true)
    expect(cidrContains(parseCidr('10.1.0.0/16'), wide)).toBe(false)
    expect(cidrsOverlap(parseCidr('10.1.0.0/16'), wide)).toBe(true)
    expect(cidrsOverlap(parseCidr('::/0'), wide)).toBe(false)
  })

  it('counts hosts from both ends', () => {
    const cidr = parseCidr('10.0.0.0/24')
    expect(hostAddress(cidr, 1)).toBe('10.0.0.1')
    expect(hostAddress(cidr, -1)).toBe('10.0.0.255')
    expect(() => hostAddress(cidr, 256)).toThrow(expect.objectContaining({ code: 'outside' }))
  })
})
